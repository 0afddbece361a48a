export { ERROR_CODES, type PostgresErrorCode } from './error-codes.ts'
export type { PostgresConnection, PostgresPool, PostgresStoreOptions } from './options.ts'
export { type PostgresStore, postgresStore } from './postgres-store.ts'
