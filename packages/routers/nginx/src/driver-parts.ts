import type { Control } from './control-client.ts'
import type { ConfigRequest } from './config-request.ts'
import type { Settings } from './options.ts'
import { emptyTable } from './service-driver.ts'
import { pathsOf, type ServicePaths } from './service-files.ts'
import type { RouteTable } from '@changeover/engine'

/** What the driver of a service works with. */
export interface DriverParts {
  readonly service: string
  readonly settings: Settings
  readonly paths: ServicePaths
  readonly control: Control
}

export function driverParts(service: string, settings: Settings, control: Control): DriverParts {
  return { service, settings, control, paths: pathsOf(settings.directory, service) }
}

/** What the files of the service are made from, for a table. */
export function configRequest(
  { service, settings }: DriverParts,
  table: RouteTable = emptyTable(service),
  extras: Pick<ConfigRequest, 'token' | 'nonce'> = {},
): ConfigRequest {
  const { mode, directory, control, services } = settings
  const { host, port } = control
  return {
    mode,
    table,
    directory,
    control: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    upstream: services.get(service) ?? { idleConnections: 0, idleMs: 0 },
    ...extras,
  }
}
