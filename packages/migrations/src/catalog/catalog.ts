import type { TypeName } from 'libpg-query'
import type { Statement } from '../sql/statement.ts'

/** A name as written, folded as the server folds it (unquoted to lower case). */
export interface ObjectName {
  readonly schema?: string
  readonly name: string
}

export type RelationKind =
  | 'table'
  | 'partitioned'
  | 'view'
  | 'materialized-view'
  | 'sequence'
  | 'foreign-table'

/** A column type, normalised: `pg_catalog.int4` is `int4`, `varchar(50)` is `{ name: 'varchar', modifiers: [50] }`. */
export interface ColumnType {
  readonly schema?: string
  readonly name: string
  readonly modifiers: readonly number[]
  readonly array: boolean
}

export interface Column {
  readonly name: string
  readonly type: ColumnType
  readonly notNull: boolean
  /** How a value comes about where none is given. */
  readonly filled: 'default' | 'identity-always' | 'identity-by-default' | 'generated' | undefined
  readonly collation?: string
  /** For a generated column: those that it is made of. */
  readonly madeOf?: readonly string[]
  /** Created by this plan: nothing that runs knows it. */
  readonly isNew: boolean
}

export interface Constraint {
  readonly name: string
  readonly kind: 'check' | 'not-null' | 'unique' | 'primary' | 'foreign' | 'exclude'
  /** Columns that it is on; for a check, those that it mentions. */
  readonly columns: readonly string[]
  /** False for NOT VALID that was not validated yet. */
  readonly valid: boolean
  /** For a check: columns that it proves to be not null where it is valid. */
  readonly provesNotNull: readonly string[]
  /** For a check: its expression as SQL tree, for what else it proves (bounds of a partition). */
  readonly expression?: unknown
  /** For a foreign key. */
  readonly references?: { readonly relation: number; readonly columns: readonly string[] }
  readonly isNew: boolean
}

export interface Index {
  readonly name: string
  readonly schema: string
  /** Id of the relation that it is on. */
  readonly on: number
  /** Plain columns; expressions are left out. */
  readonly columns: readonly string[]
  /** Every column that it depends on: keys, INCLUDE, expressions and the WHERE clause. */
  readonly mentions: readonly string[]
  readonly unique: boolean
  /** Has a WHERE clause or an expression, so that it can back no constraint. */
  readonly partial: boolean
  /** The constraint that it backs. */
  readonly constraint?: string
  readonly isNew: boolean
}

export interface Relation {
  /** Stays the same through renames. */
  readonly id: number
  readonly schema: string
  readonly name: string
  readonly kind: RelationKind
  readonly columns: ReadonlyMap<string, Column>
  readonly constraints: ReadonlyMap<string, Constraint>
  readonly indexes: ReadonlyMap<string, Index>
  /** Partition or inheritance parent, by id. */
  readonly parent?: number
  readonly isDefaultPartition: boolean
  /** Of a partitioned table: the columns it is partitioned by; undefined where one of them is an expression. */
  readonly partitionKey?: readonly string[]
  /** For views: the relations and columns that they read, by id. */
  readonly reads: ReadonlyMap<number, ReadonlySet<string>>
  /** Created by this plan: empty, and nothing that runs knows it. */
  readonly isNew: boolean
  readonly temporary: boolean
  /** For a sequence: the column that it vanishes with. */
  readonly ownedBy?: { readonly relation: number; readonly column: string }
  /** Not in the schema that was given (or none was given): taken to exist, with columns that nobody told us of. */
  readonly assumed: boolean
}

export interface UserType {
  readonly schema: string
  readonly name: string
  readonly kind: 'enum' | 'domain' | 'composite' | 'range' | 'base'
  /** For a domain: whether it has a CHECK or NOT NULL, and what it is made of. */
  readonly constrained: boolean
  readonly base?: ColumnType
  readonly labels: readonly string[]
  /** For a composite type. */
  readonly attributes?: ReadonlyMap<string, ColumnType>
  readonly isNew: boolean
}

/** What a schema holds, as far as the rules need it. */
export interface Catalog {
  /** False where no schema was given: then what is not known is taken to exist. */
  readonly complete: boolean
  readonly searchPath: readonly string[]
  /** `SET timezone` of this session; undefined where it was not set (taken as not UTC). */
  readonly timeZone: string | undefined
  /** By name through the search path. A name that is not known gives an assumed table unless the catalog is complete. */
  relation(name: ObjectName): Relation | undefined
  relationById(id: number): Relation | undefined
  relations(): Iterable<Relation>
  /** Those that read it, refer to it, inherit from it or are owned by it, itself among them where it refers to itself. */
  dependents(id: number): readonly Relation[]
  index(name: ObjectName): Index | undefined
  type(name: ObjectName): UserType | undefined
  /** Whether this plan has created the function (by name, over all signatures). */
  functionIsNew(name: ObjectName): boolean
  /** The volatility of a user function as the schema declares it; undefined where it is not known. */
  functionVolatility(name: ObjectName): 'immutable' | 'stable' | 'volatile' | undefined
  hasSchema(name: string): boolean
  /** Whether this plan has created the schema. */
  schemaIsNew(name: string): boolean
  columnType(type: TypeName): ColumnType
  /** Whether the statement can be followed on this schema. Where not, the server refuses it, or something was not told. */
  follows(statement: Statement): boolean
  /** What `look` says of each statement, on the schema that it meets once those before it have run. Nothing of them stays. */
  foresee<T>(statements: readonly Statement[], look: (statement: Statement) => T): readonly T[]
}
