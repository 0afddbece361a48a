import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lastLines, readLastLines } from '../src/last-lines.ts'
import { fileTail, streamTail } from '../src/output-tail.ts'
import { temporaryDirectory } from './fleet-under-test.ts'

const line = fc
  .string({ unit: 'grapheme', maxLength: 20 })
  .map((text) => text.replaceAll('\n', ' '))

function chunksOf(text: string, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  let rest = Buffer.from(text)
  for (const size of sizes) {
    chunks.push(rest.subarray(0, size))
    rest = rest.subarray(size)
  }
  return [...chunks, rest]
}

test('the tail of a stream is its last lines, however it is cut into chunks', () => {
  const cuts = fc.array(fc.integer({ min: 0, max: 10 }), { maxLength: 30 })
  fc.assert(
    fc.property(fc.array(line), cuts, fc.integer({ min: 1, max: 5 }), (lines, sizes, keep) => {
      const stream = new PassThrough()
      const tail = streamTail([stream], keep)
      const text = lines.map((line) => `${line}\n`).join('')

      for (const chunk of chunksOf(text, sizes)) stream.emit('data', chunk)

      expect(tail.text()).toBe(lines.slice(-keep).join('\n'))
    }),
  )
})

test('the tail of files is their last lines, wherever one file ends and a younger one begins', async () => {
  const directory = temporaryDirectory()
  const cuts = fc.array(fc.nat(), { maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(line),
      cuts,
      fc.integer({ min: 1, max: 5 }),
      async (lines, at, keep) => {
        const text = Buffer.from(lines.map((line) => `${line}\n`).join(''))
        const ends = [...at.map((n) => n % (text.length + 1)), text.length].sort((a, b) => a - b)
        const paths = ends.map((end, n) => {
          const path = join(directory, `log.${n}`)
          writeFileSync(path, text.subarray(ends[n - 1] ?? 0, end))
          return path
        })

        expect(lastLines(paths.toReversed(), keep)).toBe(lines.slice(-keep).join('\n'))
        expect(await readLastLines(paths.toReversed(), keep)).toBe(lines.slice(-keep).join('\n'))
      },
    ),
  )
})

test('what has no end of line yet is part of the tail', () => {
  const [out, err] = [new PassThrough(), new PassThrough()]
  const tail = streamTail([out, err], 3)

  out.emit('data', Buffer.from('one\ntw'))
  err.emit('data', Buffer.from('bad\n'))
  out.emit('data', Buffer.from('o'))

  expect(tail.text()).toBe('one\nbad\ntwo')
})

test('neither a line without end nor a large file is kept in memory', () => {
  const stream = new PassThrough()
  const tail = streamTail([stream], 50)
  const path = join(temporaryDirectory(), 'log')
  for (let n = 0; n < 100; n++) stream.emit('data', Buffer.alloc(10_000, 'x'))
  writeFileSync(path, `${'y'.repeat(1_000_000)}\nlast\n`)

  expect(tail.text().length).toBeLessThan(3000)
  expect(fileTail(() => [path], 2).text()).toBe('last')
})

test('a log that somebody tidied away has no lines', () => {
  expect(fileTail(() => ['/no/such/log'], 5).text()).toBe('')
})
