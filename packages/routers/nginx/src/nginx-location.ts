import { variableName } from './conf-text.ts'
import { luaLocation } from './lua-config.ts'
import type { ConfigRequest } from './config-request.ts'

/** A service's file for its `location` block. It depends on the mode, never on a table. Pure. */
export function nginxLocation(request: ConfigRequest): string {
  const { service } = request.table
  const name = variableName(service)
  return [
    `# Written by Changeover for service "${service}". Changes by hand are overwritten.`,
    ...target(request, name),
    'proxy_http_version 1.1;',
    'proxy_connect_timeout 3s;',
    'proxy_set_header Host $http_host;',
    'proxy_set_header Upgrade $http_upgrade;',
    `proxy_set_header Connection $${name}_connection;`,
    ...OF_CONNECTIONS.map((header) => `proxy_set_header ${header} "";`),
    ...OF_CONNECTIONS.map((header) => `proxy_hide_header ${header};`),
    'proxy_set_header X-Forwarded-For $remote_addr;',
    'proxy_set_header X-Forwarded-Proto $scheme;',
    'proxy_set_header X-Forwarded-Host $http_host;',
    'proxy_set_header X-Real-IP $remote_addr;',
    'proxy_set_header Forwarded "";',
    // A reader that waits makes its instance wait, and fills no disk meanwhile.
    'proxy_max_temp_file_size 0;',
    '',
  ].join('\n')
}

/** Headers between two neighbours, which nginx would pass on. */
const OF_CONNECTIONS = ['Keep-Alive', 'Proxy-Connection', 'TE'] as const

function target(request: ConfigRequest, name: string): readonly string[] {
  const { mode, directory, table } = request
  if (mode === 'lua') return luaLocation(request)
  if (mode === 'reload') return [refused(name), `proxy_pass http://$${name}$${name}_once;`]
  const pool = `${name}_pool`
  return [
    // A cached file would be a flag that nobody sees change.
    'open_file_cache off;',
    // An instance is connected to as soon as it was chosen: no connection is no request.
    'proxy_request_buffering off;',
    `set $${pool} $${name};`,
    `if (-x "${directory}/${table.service}.$\{${name}_digest}.switch") { set $${pool} $${name}_flipped; }`,
    refused(pool),
    `proxy_pass http://$${pool}$${name}_once;`,
  ]
}

/** Without an upstream nobody serves. */
function refused(variable: string): string {
  return `if ($${variable} = "") { return 503; }`
}
