import type { Node, TransactionStmt } from 'libpg-query'
import type { Statement } from '../sql/statement.ts'
import { alterTable } from './alter-table.ts'
import type { Catalog } from './catalog.ts'
import { drop } from './drops.ts'
import { alterFunction, createFunction } from './functions.ts'
import { createIndex } from './indexes.ts'
import { rename, setSchema } from './renames.ts'
import { createSchema } from './schemas.ts'
import { callSetConfig, setDefault, setVariable } from './settings.ts'
import type { LocalSettings } from './settings.ts'
import {
  createState,
  dependentsOf,
  findIn,
  findIndex,
  findRelation,
  findType,
  searchPath,
  typeOf,
} from './state.ts'
import type { CatalogState } from './state.ts'
import { payload } from './syntax.ts'
import type { NodeKind, Payload } from './syntax.ts'
import { createForeignTable, createTable } from './tables.ts'
import {
  alterDomain,
  alterEnum,
  createComposite,
  createDomain,
  createEnum,
  createRange,
  define,
} from './types.ts'
import { alterSequence, createFromQuery, createSequence, createView, selectInto } from './views.ts'

/** A catalog that follows statements as a server would. */
export interface MutableCatalog extends Catalog {
  /**
   * What the schema is after the statement. Total: what the server would refuse changes nothing and never throws. What a
   * transaction did is taken back by its ROLLBACK.
   */
  apply(statement: Statement): void
  /** From now on what is created is new, and the session begins afresh. Idempotent. */
  seal(): void
}

/**
 * A catalog with nothing in it but the schema `public`. What is applied before `seal()` counts as there already, what comes
 * after it as new.
 */
export function createCatalog(options: { readonly complete: boolean }): MutableCatalog {
  const state = createState(options.complete)
  const session: Session = { state, local: new Map(), savepoints: [], transaction: undefined }
  return {
    ...lookups(state),
    get searchPath(): readonly string[] {
      return searchPath(state)
    },
    get timeZone(): string | undefined {
      return (state.settings.get('timezone') ?? state.defaults.get('timezone'))?.[0]
    },
    apply: (statement) => apply(session, statement),
    follows: ({ node }) => follows(state, node),
    foresee: (statements, look) => foresee(session, statements, look),
    seal: () => seal(session),
  }
}

function lookups(
  state: CatalogState,
): Omit<Catalog, 'searchPath' | 'timeZone' | 'foresee' | 'follows'> {
  return {
    complete: state.complete,
    relation: (name) => findRelation(state, name),
    relationById: (id) => state.relations.get(id),
    relations: () => state.relations.values(),
    dependents: (id) => dependentsOf(state, id),
    index: (name) => findIndex(state, name),
    type: (name) => findType(state, name),
    functionIsNew: (name) => findIn(state, state.functions, name)?.isNew === true,
    functionVolatility: (name) => findIn(state, state.functions, name)?.volatility,
    hasSchema: (name) => state.schemas.has(name),
    schemaIsNew: (name) => state.schemas.get(name)?.isNew === true,
    columnType: (type) => typeOf(state, type),
  }
}

interface Session {
  readonly state: CatalogState
  /** What SET LOCAL has to give back. */
  readonly local: LocalSettings
  savepoints: { readonly name: string; readonly mark: number }[]
  transaction: number | undefined
}

function seal(session: Session): void {
  if (session.state.sealed) return
  endTransaction(session)
  session.state.settings.clear()
  session.state.sealed = true
}

function apply(session: Session, statement: Statement): void {
  if (statement.transaction === undefined || statement.transaction !== session.transaction) {
    endTransaction(session)
    session.transaction = statement.transaction
  }
  const control = 'TransactionStmt' in statement.node ? statement.node.TransactionStmt : undefined
  if (control === undefined) applyOne(session, statement)
  else controlTransaction(session, control)
}

function foresee<T>(
  session: Session,
  statements: readonly Statement[],
  look: (statement: Statement) => T,
): T[] {
  const { journal } = session.state
  const mark = journal.mark()
  const seen = statements.map((statement) => {
    const found = look(statement)
    applyOne(session, statement)
    return found
  })
  journal.undoTo(mark)
  return seen
}

function applyOne(session: Session, statement: Statement): void {
  const { state } = session
  const mark = state.journal.mark()
  if (!handle(session, statement)) state.journal.undoTo(mark)
  for (const inner of statement.inner) applyOne(session, inner)
}

/** What SET LOCAL changed goes with the transaction, whichever way that ends. */
function endTransaction(session: Session): void {
  for (const [name, values] of session.local)
    session.state.journal.write(session.state.settings, name, values)
  session.local.clear()
  session.savepoints = []
  session.state.journal.forget()
}

function controlTransaction(session: Session, control: TransactionStmt): void {
  const { journal } = session.state
  const name = control.savepoint_name ?? ''
  const place = session.savepoints.findLastIndex((savepoint) => savepoint.name === name)
  const savepoint = session.savepoints[place]
  if (control.kind === 'TRANS_STMT_SAVEPOINT')
    session.savepoints.push({ name, mark: journal.mark() })
  if (control.kind === 'TRANS_STMT_ROLLBACK_TO' && savepoint !== undefined) {
    journal.undoTo(savepoint.mark)
    session.savepoints.length = place + 1
  }
  if (control.kind === 'TRANS_STMT_RELEASE' && savepoint !== undefined)
    session.savepoints.length = place
  if (control.kind === 'TRANS_STMT_ROLLBACK') journal.undoTo(0)
  if (control.kind === 'TRANS_STMT_ROLLBACK' || control.kind === 'TRANS_STMT_COMMIT')
    endTransaction(session)
}

type Handler = (state: CatalogState, node: Node) => boolean

function on<K extends NodeKind>(
  kind: K,
  handle: (state: CatalogState, statement: Payload<K>) => boolean,
): readonly [string, Handler] {
  return [
    kind,
    (state, node) => {
      const statement = payload(node, kind)
      return statement === undefined || handle(state, statement)
    },
  ]
}

const HANDLERS: ReadonlyMap<string, Handler> = new Map([
  on('CreateStmt', createTable),
  on('CreateForeignTableStmt', createForeignTable),
  on('CreateTableAsStmt', createFromQuery),
  on('AlterTableStmt', alterTable),
  on('IndexStmt', createIndex),
  on('ViewStmt', createView),
  on('CreateSeqStmt', createSequence),
  on('AlterSeqStmt', alterSequence),
  on('CreateEnumStmt', createEnum),
  on('CreateRangeStmt', createRange),
  on('CompositeTypeStmt', createComposite),
  on('DefineStmt', define),
  on('CreateDomainStmt', createDomain),
  on('AlterDomainStmt', alterDomain),
  on('AlterEnumStmt', alterEnum),
  on('CreateFunctionStmt', createFunction),
  on('AlterFunctionStmt', alterFunction),
  on('CreateSchemaStmt', (state, statement) => createSchema(state, statement, run)),
  on('DropStmt', drop),
  on('RenameStmt', rename),
  on('AlterObjectSchemaStmt', setSchema),
  on('AlterDatabaseSetStmt', (state, statement) => setDefault(state, statement.setstmt)),
  on('AlterRoleSetStmt', (state, statement) => setDefault(state, statement.setstmt)),
])

function handle(session: Session, statement: Statement): boolean {
  const { node } = statement
  if ('VariableSetStmt' in node)
    return setVariable(session.state, node.VariableSetStmt, session.local)
  if ('SelectStmt' in node) {
    callSetConfig(session.state, node.SelectStmt, session.local)
    return selectInto(session.state, node.SelectStmt)
  }
  return run(session.state, node)
}

function follows(state: CatalogState, node: Node): boolean {
  const mark = state.journal.mark()
  const follows = run(state, node)
  state.journal.undoTo(mark)
  return follows
}

/** Runs what a node says. A kind that says nothing about the schema changes nothing. */
function run(state: CatalogState, node: Node): boolean {
  for (const kind in node) {
    const handler = HANDLERS.get(kind)
    if (handler !== undefined) return handler(state, node)
  }
  return true
}
