import type { Unsubscribe } from '@changeover/engine'
import type { Settings } from './options.ts'
import type { ServiceDriver } from './service-driver.ts'

/** What the port's operations work on. */
export interface RouterParts {
  readonly settings: Settings
  readonly drivers: ReadonlyMap<string, ServiceDriver>
  readonly watches: Set<Unsubscribe>
  readonly isClosed: () => boolean
}
