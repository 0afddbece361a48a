import { briefName, variableName } from './conf-text.ts'
import type { ConfigRequest } from './config-request.ts'
import { keepalive } from './upstream-config.ts'

/** The Lua program's own name for a service, and the file in which its table outlives a restart. */
function names({ table, directory }: ConfigRequest): {
  readonly id: string
  readonly state: string
} {
  return {
    id: variableName(table.service).replace(/^changeover_/, ''),
    state: `${directory}/${table.service}.table`,
  }
}

/** Runs a function of the program, which each worker reads once. */
function luaCall(directory: string, call: string): string {
  return [
    '{',
    '  local m = package.loaded["changeover"]',
    `  if not m then m = dofile("${directory}/changeover.lua"); package.loaded["changeover"] = m end`,
    `  ${call}`,
    '}',
  ].join('\n')
}

/** Shared memory and the upstream whose peer Lua chooses for each request. */
export function luaShared(request: ConfigRequest): string {
  const { table, directory, upstream } = request
  const name = variableName(table.service)
  const { id } = names(request)
  return [
    `lua_shared_dict ${name} 8m;`,
    `lua_shared_dict ${name}_counts 4m;`,
    // Survives an internal redirect, unlike what `set` sets; and Lua may only assign what the configuration refers to.
    `map "" $${name}_flight {\n  default "";\n}`,
    `map $${name}_flight $${name}_chosen {\n  default $${name}_flight;\n}`,
    `upstream ${name} {`,
    '  server 0.0.0.1;',
    `  balancer_by_lua_block ${luaCall(directory, `m.balance("${id}")`)}`,
    ...keepalive(upstream),
    '}',
  ].join('\n')
}

/** Where the adapter puts tables and reads them back. */
export function luaServer(request: ConfigRequest): string {
  const { table, directory, control, token = '' } = request
  const { id, state } = names(request)
  return [
    'server {',
    `  listen ${control};`,
    `  server_name changeover-${briefName(table.service)};`,
    '  access_log off;',
    '  keepalive_timeout 0;',
    '  client_max_body_size 8m;',
    '  client_body_buffer_size 8m;',
    `  location / { content_by_lua_block ${luaCall(directory, `m.control("${id}", "${state}", "${token}")`)} }`,
    '}',
  ].join('\n')
}

/** The directives of the location. */
export function luaLocation(request: ConfigRequest): readonly string[] {
  const { directory } = request
  const { id, state } = names(request)
  return [
    `access_by_lua_block ${luaCall(directory, `m.access("${id}", "${state}")`)}`,
    `header_filter_by_lua_block ${luaCall(directory, 'm.answer()')}`,
    `log_by_lua_block ${luaCall(directory, `m.log("${id}")`)}`,
    `proxy_pass http://changeover_${id};`,
  ]
}
