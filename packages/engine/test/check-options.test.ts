import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { checkOptions, portSchema } from '../src/check-options.ts'
import { refusalOf } from './refusal.ts'

interface Engine {
  readonly start: () => void
}

const schema = z.strictObject({
  name: z.string().optional(),
  drain: z.strictObject({ everyMs: z.int().positive() }).optional(),
  hooks: z.array(z.string()).optional(),
  engine: portSchema<Engine>('engine', ['start', 'stop']).optional(),
})

test('what the schema accepts is handed back', () => {
  const options = { name: 'shop', drain: { everyMs: 5 }, hooks: ['a'] }
  expect(checkOptions(schema, options, 'thing')).toStrictEqual(options)
})

describe('a refusal names the field by its path, and its value', () => {
  const circular: Record<string, unknown> = {}
  circular['self'] = circular

  test.each<[string, unknown, string, unknown, string]>([
    ['a wrong value', { name: 5 }, 'thing.name', 5, '(got 5)'],
    ['a wrong value inside', { drain: { everyMs: 0 } }, 'thing.drain.everyMs', 0, '(got 0)'],
    ['one that is missing', { drain: {} }, 'thing.drain.everyMs', 'nothing', '(got nothing)'],
    ['one in a list', { hooks: ['a', 7] }, 'thing.hooks.1', 7, '(got 7)'],
    ['an unknown field', { nam: 'shop' }, 'thing.nam', 'shop', '(got shop)'],
    [
      'an unknown field inside',
      { drain: { everyMs: 1, x: 2 } },
      'thing.drain.x',
      2,
      'there is no such option',
    ],
    ['no object at all', 'shop', 'thing', 'shop', '(got shop)'],
    ['nothing', undefined, 'thing', 'nothing', '(got nothing)'],
    [
      'no number',
      { drain: { everyMs: Number.NaN } },
      'thing.drain.everyMs',
      Number.NaN,
      '(got NaN)',
    ],
    ['a big integer', { name: 5n }, 'thing.name', 5n, '(got 5n)'],
    ['a circular object', { name: circular }, 'thing.name', circular, 'self'],
    ['a bare object', { name: Object.create(null) as unknown }, 'thing.name', {}, '(got {})'],
  ])('%s', (_, options, field, value, shown) => {
    const refusal = refusalOf(() => checkOptions(schema, options, 'thing'))
    expect(refusal.code).toBe('CHANGEOVER_OPTION_INVALID')
    expect(refusal.details).toMatchObject({ field, remedy: `Mend "${field}" and call again.` })
    expect(refusal.details['value']).toEqual(value)
    expect(refusal.message).toContain(`Option "${field}" was refused`)
    expect(refusal.message).toContain(shown)
  })

  test('of the first mistake where there are several', () => {
    const refusal = refusalOf(() => checkOptions(schema, { name: 1, hooks: 2 }, 'thing'))
    expect(refusal.details['field']).toBe('thing.name')
  })
})

describe('what a caller adds to a refusal', () => {
  test('is the remedy of the field, or else the one for all others', () => {
    const remedies = { name: 'Give it a name.', '': 'Read the manual.' }
    const refusal = (options: object) =>
      refusalOf(() => checkOptions(schema, options, 'thing', { remedies })).message
    expect(refusal({ name: 5 })).toMatch(/Nothing was started\. Give it a name\.$/)
    expect(refusal({ hooks: 5 })).toMatch(/Nothing was started\. Read the manual\.$/)
  })

  test('is that a secret is not shown, wherever in it the mistake is', () => {
    const refusal = refusalOf(() =>
      checkOptions(schema, { hooks: ['a', { token: 's3cret' }] }, 'thing', { secret: ['hooks'] }),
    )
    expect(refusal.details).toMatchObject({ field: 'thing.hooks.1', value: '(hidden)' })
    expect(refusal.message).not.toContain('s3cret')
  })

  test('may be no name at all', () => {
    const fieldOf = (options: unknown) =>
      refusalOf(() => checkOptions(schema, options, '')).details['field']
    expect([fieldOf({ name: 5 }), fieldOf(5)]).toStrictEqual(['name', 'options'])
  })
})

describe('a port', () => {
  const stop = (): void => undefined

  test('is whatever has its functions, its own or inherited', () => {
    class Machine {
      readonly name = 'machine'
      start(): string {
        return this.name
      }
      stop(): string {
        return this.name
      }
    }
    const machine = new Machine()
    expect(checkOptions(schema, { engine: machine }, 'thing').engine).toBe(machine)
  })

  test.each([null, 5, {}, { start: stop }, { start: stop, stop: true }, [stop, stop]])(
    'is not %o',
    (engine) => {
      const refusal = refusalOf(() => checkOptions(schema, { engine }, 'thing'))
      expect(refusal.message).toContain('a engine has the functions start, stop')
      expect(refusal.details['field']).toBe('thing.engine')
    },
  )
})
