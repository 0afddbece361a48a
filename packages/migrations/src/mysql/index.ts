export { askServer } from './ask-server.ts'
export type { MysqlAnswer, MysqlConnection, MysqlError } from './ask-server.ts'
export { guardedDdl } from './guarded-ddl.ts'
export type { GuardedDdlOptions, GuardedStatement } from './guarded-ddl.ts'
