import fp from 'fastify-plugin';

/** Upper bounds of the histogram's buckets, in seconds. */
const BUCKETS = [0.005, 0.025, 0.1, 0.5, 1, 5];

interface Series {
  labels: string;
  count: number;
  sum: number;
  buckets: number[];
}

/** Request durations per route, in the Prometheus text format (version 0.0.4). */
export class RequestMetrics {
  private readonly series = new Map<string, Series>();

  observe(method: string, route: string, status: number, seconds: number): void {
    const labels = `method="${method}",route="${escapeLabel(route)}",status="${status}"`;
    const series = this.series.get(labels) ?? {
      labels,
      count: 0,
      sum: 0,
      buckets: BUCKETS.map(() => 0),
    };
    series.count += 1;
    series.sum += seconds;
    BUCKETS.forEach((bound, index) => {
      if (seconds <= bound) series.buckets[index] += 1;
    });
    this.series.set(labels, series);
  }

  render(): string {
    const name = 'http_request_duration_seconds';
    const lines = [`# HELP ${name} Duration of HTTP requests.`, `# TYPE ${name} histogram`];
    for (const { labels, count, sum, buckets } of this.series.values()) {
      BUCKETS.forEach((bound, index) => {
        lines.push(`${name}_bucket{${labels},le="${bound}"} ${buckets[index]}`);
      });
      lines.push(`${name}_bucket{${labels},le="+Inf"} ${count}`);
      lines.push(`${name}_sum{${labels}} ${Number(sum.toFixed(6))}`);
      lines.push(`${name}_count{${labels}} ${count}`);
    }
    return `${lines.join('\n')}\n`;
  }
}

export default fp(
  async (app) => {
    const metrics = new RequestMetrics();
    app.addHook('onResponse', async (request, reply) => {
      // The pattern, not the URL: one series per route, however many members there are.
      const route = request.routeOptions.url ?? 'unmatched';
      metrics.observe(request.method, route, reply.statusCode, reply.elapsedTime / 1000);
    });
    app.get('/metrics', async (_request, reply) =>
      reply.type('text/plain; version=0.0.4').send(metrics.render()),
    );
  },
  { name: 'metrics' },
);

function escapeLabel(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
