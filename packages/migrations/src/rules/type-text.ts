import type { ColumnType } from '../catalog/catalog.ts'

/** A type as SQL would have it. */
export function typeText({ schema, name, modifiers, array }: ColumnType): string {
  const size = modifiers.length > 0 ? `(${modifiers.join(', ')})` : ''
  return `${schema === undefined ? '' : `${schema}.`}${name}${size}${array ? '[]' : ''}`
}

/** A word for a column with a sequence of its own, which is no type anywhere but in a new column. */
export function isSerial(word: string): boolean {
  return /^(big|small)?serial$|^serial[248]$/.test(word)
}
