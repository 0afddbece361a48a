import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
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

test('the tail of a file is the last lines of what stands after its start', () => {
  const path = join(temporaryDirectory(), 'log')
  fc.assert(
    fc.property(line, fc.array(line), fc.integer({ min: 1, max: 5 }), (before, lines, keep) => {
      writeFileSync(path, [before, ...lines].map((line) => `${line}\n`).join(''))
      const start = Buffer.byteLength(`${before}\n`)

      expect(fileTail(path, start, keep).text()).toBe(lines.slice(-keep).join('\n'))
    }),
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
  expect(fileTail(path, 0, 2).text()).toBe('last')
})

test('a log that somebody tidied away has no lines', () => {
  expect(fileTail('/no/such/log', 0, 5).text()).toBe('')
})
