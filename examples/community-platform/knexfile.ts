import { createDatabaseConfig } from './src/config/database';
import { env } from './src/config/env';

export default createDatabaseConfig(env);
