import { fleetConformance, type FleetSubject, type ReleaseKind } from '@changeover/testing'
import { describe, test } from 'vitest'
import { processFleet, type ProcessFleetOptions } from '../src/index.ts'
import { processesWith } from '../src/process-search.ts'
import { createMark, type FixtureName, requestOf, temporaryDirectory } from './fleet-under-test.ts'

const FIXTURES: Readonly<Record<ReleaseKind, FixtureName>> = {
  ready: 'server',
  'never-ready': 'unready',
  exits: 'crash',
}

describe('the process fleet', () => {
  fleetConformance({ test, create: () => processes() })
})

describe('the process fleet with a directory, whose instances may outlive it', () => {
  fleetConformance({
    test,
    create: () => processes({ directory: temporaryDirectory(), orphans: 'keep' }),
  })
})

async function processes(options: ProcessFleetOptions = {}): Promise<FleetSubject> {
  const fleet = processFleet({ stopDeadline: '5s', ...options })
  const mark = createMark()
  return {
    fleet,
    service: 'shop',
    release: (kind) => requestOf(FIXTURES[kind], mark, { release: kind }).release,
    async crash({ id }) {
      for (const { pid } of processesWith('CHANGEOVER_INSTANCE', [id])) process.kill(pid, 'SIGKILL')
    },
    running: async () => mark.processes().length,
    close: () => fleet.close(),
  }
}
