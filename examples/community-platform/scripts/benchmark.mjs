// Measures the framework around the services: routing, validation, authentication, GraphQL.
// Needs `npm run build`, but neither database nor Redis: no request gets as far as a query.
// Prints one JSON list of {name, unit, value}: the median and the 95th percentile of all requests.
import { createRequire } from 'node:module';

process.env.NODE_ENV = 'test';
process.env.DATABASE_URL ??= 'postgres://localhost/none';
process.env.REDIS_URL ??= 'redis://localhost';
process.env.JWT_SECRET ??= 'benchmark-secret-benchmark-secret';

const require = createRequire(import.meta.url);
const { buildApp } = require('../dist/src/app.js');

const WARM_UP = 200;
const REQUESTS = 2_000;

const scenarios = [
  { status: 200, request: { method: 'GET', url: '/health' } },
  { status: 401, request: { method: 'GET', url: '/auth/me' } },
  {
    status: 400,
    request: { method: 'POST', url: '/auth/register', payload: { email: 'not an address' } },
  },
  {
    status: 200,
    request: {
      method: 'POST',
      url: '/graphql',
      payload: { query: '{ __schema { types { name } } }' },
    },
  },
];

const counter = { incr: async () => 1, expire: async () => 1, ttl: async () => 60, on: () => {} };
const app = buildApp({ redis: counter });
await app.ready();

const durations = [];
for (let index = 0; index < WARM_UP + REQUESTS; index += 1) {
  const { request, status } = scenarios[index % scenarios.length];
  const started = performance.now();
  const response = await app.inject(request);
  const elapsed = performance.now() - started;
  if (response.statusCode !== status) {
    throw new Error(`${request.method} ${request.url} answered ${response.statusCode}`);
  }
  if (index >= WARM_UP) durations.push(elapsed);
}
await app.close();

durations.sort((a, b) => a - b);
const percentile = (share) => durations[Math.ceil(durations.length * share) - 1];
const result = [
  { name: 'p50', unit: 'ms', value: Number(percentile(0.5).toFixed(3)) },
  { name: 'p95', unit: 'ms', value: Number(percentile(0.95).toFixed(3)) },
];
console.log(JSON.stringify(result, null, 2));
