import type { ConfigRequest } from './config-request.ts'
import { briefName, variableName } from './conf-text.ts'
import { luaServer, luaShared } from './lua-config.ts'
import { digestOf, ownFile } from './own-file.ts'
import { splitConfig } from './split-config.ts'
import { switchConfig, switchPath, switchStructure } from './switch-config.ts'
import { onceConfig, upstreamConfig } from './upstream-config.ts'

/** A service's file for the `http` block, and the digest that nginx answers once it runs with it. Pure. */
export function nginxConfig(request: ConfigRequest): {
  readonly text: string
  readonly digest: string
} {
  const { mode, table, token } = request
  const digest = configDigest(request)
  const head = {
    service: table.service,
    mode,
    digest,
    table,
    ...(token === undefined ? {} : { token }),
  }
  return { digest, text: ownFile(head, body(request, digest)) }
}

function configDigest(request: ConfigRequest): string {
  const { mode, table, directory, control, upstream, token, nonce = '' } = request
  const content = { reload: table, file: switchStructure(table), lua: [table.service, token] }[mode]
  return digestOf([1, mode, content, directory, control, upstream, nonce])
}

function body(request: ConfigRequest, digest: string): string {
  const { mode, table, upstream, directory } = request
  const name = variableName(table.service)
  const upgrade = `map $http_upgrade $${name}_connection {\n  "" "";\n  default upgrade;\n}`
  if (mode === 'lua') return [upgrade, luaShared(request), luaServer(request)].join('\n')
  const served = table.pools.filter(({ instances }) => instances.length > 0)
  const routes = mode === 'reload' ? splitConfig(table) : switchConfig(table, digest)
  const flag = mode === 'file' ? switchPath(directory, table.service, digest) : undefined
  return [
    upgrade,
    onceConfig(name),
    ...served.map((pool) => upstreamConfig(table.service, pool, upstream)),
    routes,
    markerServer(request, digest, flag),
  ].join('\n')
}

/** Tells which configuration a worker runs with: the only proof that a reload took place. */
function markerServer({ table, control }: ConfigRequest, digest: string, flag?: string): string {
  const { service, revision, fence } = table
  const name = variableName(service)
  const switched = flag === undefined ? '' : `,"switched":"$${name}_switched"`
  const marker = `{"service":"${service}","digest":"${digest}","revision":${revision},"fence":${fence},"worker":$pid,"version":"$nginx_version"${switched}}`
  return [
    'server {',
    `  listen ${control};`,
    `  server_name ${controlName(service)};`,
    '  access_log off;',
    '  keepalive_timeout 0;',
    '  location = /marker {',
    ...(flag === undefined
      ? []
      : [
          '    open_file_cache off;',
          `    set $${name}_switched no;`,
          `    if (-x ${flag}) { set $${name}_switched yes; }`,
        ]),
    `    return 200 '${marker}';`,
    '  }',
    '  location / { return 404; }',
    '}',
  ].join('\n')
}

/** The name by which the control server of a service is asked. */
export function controlName(service: string): string {
  return `changeover-${briefName(service)}`
}
