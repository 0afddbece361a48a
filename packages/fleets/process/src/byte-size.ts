import { z } from 'zod'

/** A number of bytes, or a string such as `'500kB'`, `'10MB'` (thousands) or `'16MiB'` (1024s). */
export type ByteSize = number | string

const SHAPE = /^(\d+(?:\.\d+)?)(B|kB|MB|GB|KiB|MiB|GiB)$/
const UNITS = new Map([
  ['B', 1],
  ['kB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
])

/** Schema of a {@link ByteSize}; gives whole bytes. */
export const byteSize: z.ZodType<number, ByteSize> = z
  .union([z.number(), z.string()], 'not a size')
  .transform((size) => Math.round(typeof size === 'number' ? size : parse(size)))
  .refine((bytes) => Number.isSafeInteger(bytes), 'not a size')

function parse(text: string): number {
  const [, count, unit] = SHAPE.exec(text) ?? []
  return Number(count) * (UNITS.get(unit ?? '') ?? Number.NaN)
}
