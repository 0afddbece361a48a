import { ChangeoverError } from '@changeover/engine'
import { nodeRouter, type NodeRouterOptions } from '@changeover/router-node'
import { describe, expect, test } from 'vitest'

const shop = { shop: { port: 0 } }

describe('an option that cannot be right is refused before anything is opened', () => {
  test.each<[string, unknown, string, RegExp]>([
    ['no options', undefined, 'CHANGEOVER_OPTION_INVALID', /"options"/],
    [
      'no listener',
      { listeners: {} },
      'CHANGEOVER_OPTION_INVALID',
      /"listeners".*there is no listener/,
    ],
    [
      'a port that is none',
      { listeners: { shop: { port: 70_000 } } },
      'CHANGEOVER_OPTION_INVALID',
      /"listeners\.shop\.port".*70000/,
    ],
    [
      'a port in words',
      { listeners: { shop: { port: '80' } } },
      'CHANGEOVER_OPTION_INVALID',
      /"listeners\.shop\.port".*got 80/,
    ],
    [
      'an empty host',
      { listeners: { shop: { port: 0, host: '' } } },
      'CHANGEOVER_OPTION_INVALID',
      /"listeners\.shop\.host"/,
    ],
    [
      'a misspelt option',
      { listeners: shop, timeout: {} },
      'CHANGEOVER_OPTION_INVALID',
      /"timeout".*there is no such option/,
    ],
    [
      'a misspelt timeout',
      { listeners: shop, timeouts: { conect: 1 } },
      'CHANGEOVER_OPTION_INVALID',
      /"timeouts\.conect".*Give any of head/,
    ],
    [
      'a duration that is none',
      { listeners: shop, timeouts: { connect: 'soon' } },
      'CHANGEOVER_DURATION_INVALID',
      /"timeouts\.connect".*soon/,
    ],
    [
      'a negative duration',
      { listeners: shop, timeouts: { answer: -1 } },
      'CHANGEOVER_DURATION_INVALID',
      /"timeouts\.answer".*-1/,
    ],
    [
      'no time to connect',
      { listeners: shop, timeouts: { connect: 0 } },
      'CHANGEOVER_OPTION_INVALID',
      /"timeouts\.connect".*it is 0/,
    ],
    [
      'a duration that no timer takes',
      { listeners: shop, timeouts: { answer: '60d' } },
      'CHANGEOVER_OPTION_INVALID',
      /"timeouts\.answer".*24 days/,
    ],
    [
      'a request that ends before its head',
      { listeners: shop, timeouts: { head: '30s', request: '10s' } },
      'CHANGEOVER_OPTION_INVALID',
      /"timeouts\.request".*ends before/,
    ],
    [
      'a limit of nothing',
      { listeners: shop, limits: { inFlight: 0 } },
      'CHANGEOVER_OPTION_INVALID',
      /"limits\.inFlight"/,
    ],
    [
      'a head of a few bytes',
      { listeners: shop, limits: { headBytes: 10 } },
      'CHANGEOVER_OPTION_INVALID',
      /"limits\.headBytes"/,
    ],
    [
      'a logger that is none',
      { listeners: shop, logger: {} },
      'CHANGEOVER_OPTION_INVALID',
      /"logger".*pino/,
    ],
    [
      'a clock that is none',
      { listeners: shop, clock: {} },
      'CHANGEOVER_OPTION_INVALID',
      /"clock".*now\(\)/,
    ],
    [
      'a signal that is none',
      { listeners: shop, signal: {} },
      'CHANGEOVER_OPTION_INVALID',
      /"signal".*AbortSignal/,
    ],
    [
      'a number for random',
      { listeners: shop, random: 0.5 },
      'CHANGEOVER_OPTION_INVALID',
      /"random".*0\.5/,
    ],
  ])('%s', (_what, options, code, message) => {
    let thrown: unknown
    try {
      nodeRouter(options as NodeRouterOptions)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(ChangeoverError)
    expect(thrown).toMatchObject({ code, message: expect.stringMatching(message) })
  })
})
