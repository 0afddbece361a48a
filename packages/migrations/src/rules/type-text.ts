import type { ColumnType } from '../catalog/catalog.ts'

/** A type as SQL would have it. */
export function typeText({ schema, name, modifiers, array }: ColumnType): string {
  const size = modifiers.length > 0 ? `(${modifiers.join(', ')})` : ''
  return `${schema === undefined ? '' : `${schema}.`}${name}${size}${array ? '[]' : ''}`
}
