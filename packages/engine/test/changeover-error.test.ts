import { ChangeoverError, ERROR_CODES, type ErrorCode, refuse } from '@changeover/engine'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const codes = Object.keys(ERROR_CODES) as ErrorCode[]

describe('the message', () => {
  test('says what was refused, why, and what comes next, filled with the details', () => {
    const error = refuse('CHANGEOVER_CAPACITY_INVALID', { field: 'maxSurge', value: 'oops' })
    expect(error.message).toBe(
      'Option "maxSurge" is not a count or a percentage: oops. ' +
        'Surge and unavailable decide how many instances serve while versions are exchanged. ' +
        'Give a whole number of instances such as 2, or a percentage such as "25%".',
    )
    expect(error).toMatchObject({ name: 'ChangeoverError', code: 'CHANGEOVER_CAPACITY_INVALID' })
    expect(error.details).toStrictEqual({ field: 'maxSurge', value: 'oops' })
  })

  test.each(codes)('of %s leaves no placeholder open', (code) => {
    const keys = Object.values(ERROR_CODES[code]).flatMap(placeholdersOf)
    const details = Object.fromEntries(keys.map((key) => [key, `<${key}>`]))
    const { message } = refuse(code, details)
    expect(message).not.toMatch(/\{\w+\}/)
    for (const key of keys) expect(message).toContain(`<${key}>`)
  })

  test('takes details as they are, also where they look like placeholders', () => {
    const { message } = refuse('CHANGEOVER_ROLLOUT_UNKNOWN', { rollout: '{code} $& {rollout}' })
    expect(message).toContain('There is no rollout "{code} $& {rollout}".')
  })

  const circular: Record<string, unknown> = {}
  circular['self'] = circular

  test.each<[string, unknown]>([
    ['text', 'text'],
    ['5', 5],
    ['NaN', Number.NaN],
    ['-Infinity', -Infinity],
    ['7n', 7n],
    ['true', true],
    ['null', null],
    ['undefined', undefined],
    ['["a","b"]', ['a', 'b']],
    ['{"a":1}', { a: 1 }],
    ['<ref *1> { self: [Circular *1] }', circular],
    ['[Function: stop]', function stop() {}],
    ['Symbol(odd)', Symbol('odd')],
  ])('shows %s as it is', (shown, rollout) => {
    expect(refuse('CHANGEOVER_ROLLOUT_UNKNOWN', { rollout }).message).toContain(`"${shown}"`)
  })

  test('is made whatever the details are', () => {
    fc.assert(
      fc.property(fc.constantFrom(...codes), fc.anything(), (code, value) => {
        const keys = Object.values(ERROR_CODES[code]).flatMap(placeholdersOf)
        const error = refuse(code, Object.fromEntries(keys.map((key) => [key, value])))
        expect(error.message.length).toBeGreaterThan(0)
      }),
    )
  })
})

describe('the cause', () => {
  test('is kept, and there is none where none was given', () => {
    const cause = new Error('disk full')
    const failed = { call: 'append', directory: '/d', problem: 'disk full' }
    expect(refuse('CHANGEOVER_STORE_FAILED', failed, cause).cause).toBe(cause)
    expect('cause' in refuse('CHANGEOVER_STORE_FAILED', failed)).toBe(false)
    expect('cause' in new ChangeoverError('MY_CODE', 'mine')).toBe(false)
    expect(new ChangeoverError('MY_CODE', 'mine', { cause: undefined })).toHaveProperty('cause')
  })
})

describe('instanceof', () => {
  test('holds for errors of this copy and of another one', () => {
    const foreign = new Error('made by a second installed copy')
    Object.defineProperty(foreign, Symbol.for('changeover.error'), { value: true })
    expect(refuse('CHANGEOVER_ROLLOUT_UNKNOWN') instanceof ChangeoverError).toBe(true)
    expect(foreign instanceof ChangeoverError).toBe(true)
    expect(refuse('CHANGEOVER_ROLLOUT_UNKNOWN') instanceof Error).toBe(true)
  })

  test.each([
    new Error('other'),
    null,
    undefined,
    'CHANGEOVER_CONFLICT',
    { code: 'CHANGEOVER_CONFLICT' },
    () => 1,
  ])('does not hold for %o', (value) => {
    expect((value as unknown) instanceof ChangeoverError).toBe(false)
  })

  test('the brand is not listed, so that it does not show in logs', () => {
    const error = refuse('CHANGEOVER_ROLLOUT_UNKNOWN', { rollout: 'r1' })
    expect(Reflect.ownKeys(error).filter((key) => typeof key === 'symbol')).toHaveLength(1)
    expect(Object.keys(error).toSorted()).toStrictEqual(['code', 'details', 'name'])
  })
})

function placeholdersOf(template: string): string[] {
  return [...template.matchAll(/\{(\w+)\}/g)].map(([, key]) => key!)
}
