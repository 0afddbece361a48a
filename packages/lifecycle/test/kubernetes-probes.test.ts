import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { kubernetesProbes, LifecycleError } from '../src/index.ts'
import type { KubernetesProbesOptions } from '../src/index.ts'

describe('kubernetesProbes', () => {
  it('writes the part of a pod that fits the options', () => {
    const drain = { notice: '5s', deadline: '40s' }
    expect(kubernetesProbes({ port: 9_000, container: 'shop', startup: '2m', drain })).toBe(
      `terminationGracePeriodSeconds: 42
containers:
  - name: shop
    startupProbe:
      httpGet:
        path: /startupz
        port: 9000
      periodSeconds: 1
      timeoutSeconds: 1
      failureThreshold: 120
    livenessProbe:
      httpGet:
        path: /livez
        port: 9000
      periodSeconds: 10
      timeoutSeconds: 2
      failureThreshold: 3
    readinessProbe:
      httpGet:
        path: /readyz
        port: 9000
      periodSeconds: 2
      timeoutSeconds: 1
      failureThreshold: 2
`,
    )
  })

  it('leaves time for the deadline, and for the hooks that follow it, whatever it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 20_000, max: 2_000_000_000 }), (deadline) => {
        const [grace = ''] = kubernetesProbes({ port: 80, drain: { deadline } }).split('\n')
        const seconds = Number(grace.split(': ')[1])
        expect(seconds * 1_000).toBeGreaterThanOrEqual(deadline + 2_000)
        expect(seconds * 1_000).toBeLessThan(deadline + 3_000)
      }),
    )
  })

  const mistakes: [string, unknown, string][] = [
    ['no port', {}, 'port'],
    ['a port that does not exist', { port: 70_000 }, 'port'],
    ['a name that Kubernetes refuses', { port: 80, container: 'My\napp' }, 'container'],
    ['no time to start', { port: 80, startup: 0 }, 'startup'],
    ['a drain that createLifecycle refuses', { port: 80, drain: { grace: 1 } }, 'drain.grace'],
    ['an unknown option', { port: 80, path: '/x' }, 'path: unknown option'],
  ]
  it.each(mistakes)('refuses %s', (_, options, word) => {
    const call = (): string => kubernetesProbes(options as KubernetesProbesOptions)
    expect(call).toThrow(LifecycleError)
    expect(call).toThrow(word)
  })
})
