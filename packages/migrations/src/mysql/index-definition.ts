import type { IndexDefinition } from './actions.ts'
import { commaParts, wordOf } from './cursor.ts'
import type { Cursor } from './cursor.ts'

const INDEX_KINDS: Readonly<Record<string, IndexDefinition['kind']>> = {
  'PRIMARY KEY': 'primary',
  'UNIQUE INDEX': 'unique',
  'UNIQUE KEY': 'unique',
  UNIQUE: 'unique',
  'FULLTEXT INDEX': 'fulltext',
  'FULLTEXT KEY': 'fulltext',
  FULLTEXT: 'fulltext',
  'SPATIAL INDEX': 'spatial',
  'SPATIAL KEY': 'spatial',
  SPATIAL: 'spatial',
  INDEX: 'plain',
  KEY: 'plain',
}

/** An index as a table or ALTER TABLE declares it. */
export function indexDefinition(cursor: Cursor): IndexDefinition | undefined {
  const named = constraintName(cursor)
  const kind = INDEX_KINDS[cursor.takeOne(...Object.keys(INDEX_KINDS)) ?? '']
  if (kind === undefined) return undefined
  cursor.take('IF', 'NOT', 'EXISTS')
  const own = cursor.word() === '(' || cursor.word() === 'USING' ? undefined : cursor.name()
  const columns = keyColumns(cursor)
  return columns && { name: own ?? named, kind, columns }
}

/** The columns of a key, and moves behind its options. */
export function keyColumns(cursor: Cursor): readonly string[] | undefined {
  if (cursor.take('USING')) cursor.next()
  const group = cursor.group()
  if (!group) return undefined
  indexOptions(cursor)
  return commaParts(group).map((part) => (wordOf(part[0]) === '(' ? '' : (part[0]?.text ?? '')))
}

function indexOptions(cursor: Cursor): void {
  for (;;) {
    const option = cursor.takeOne(
      'USING',
      'COMMENT',
      'KEY_BLOCK_SIZE',
      'WITH PARSER',
      'ENGINE_ATTRIBUTE',
    )
    if (option !== undefined) {
      cursor.take('=')
      cursor.next()
    } else if (cursor.takeOne('VISIBLE', 'INVISIBLE', 'IGNORED', 'NOT IGNORED') === undefined)
      return
  }
}

/** The name behind CONSTRAINT, where one is given. */
export function constraintName(cursor: Cursor): string | undefined {
  if (!cursor.take('CONSTRAINT')) return undefined
  const isUnnamed = ['PRIMARY', 'UNIQUE', 'FOREIGN', 'CHECK'].includes(cursor.word())
  return isUnnamed ? undefined : cursor.name()
}
