import { buildApp } from './app';
import { env } from './config/env';

const app = buildApp();

async function stop(signal: NodeJS.Signals): Promise<void> {
  app.log.info({ signal }, 'stopping');
  await app.close();
}

process.once('SIGTERM', stop);
process.once('SIGINT', stop);

app.listen({ host: env.host, port: env.port }).catch((error: unknown) => {
  app.log.fatal({ err: error }, 'cannot start');
  process.exitCode = 1;
  void app.close();
});
