import { programs } from '../../../../test/debian-packages.ts'

/** Where HAProxy is; undefined where the tests that need it are skipped. */
export const haproxy: string | undefined = (
  await programs({ command: 'haproxy', package: 'haproxy' })
)?.[0]
