import type { ActorView } from '../api/index.ts'
import type { Actor } from '../access/access.ts'
import { consoleError } from '../console-error.ts'
import { actorOf, type Endpoint, endpoint } from '../http/endpoint.ts'
import type { ConsoleParts } from './console-parts.ts'
import { AUDIT_QUERY, LOGS_QUERY, SIGN_IN_BODY } from './request-schemas.ts'

/** Who asks, who asked, and the agent behind it. */
export function consoleEndpoints(parts: ConsoleParts): Endpoint[] {
  return [...sessionEndpoints(parts), ...auditEndpoints(parts), ...agentEndpoints(parts)]
}

function sessionEndpoints({ access }: ConsoleParts): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/api/v1/me',
      action: 'read',
      does: 'Who asks, as the console sees them.',
      answers: '`ActorView`',
      handle: (call) => Promise.resolve({ status: 200, body: actorView(actorOf(call)) }),
    }),
    endpoint({
      method: 'POST',
      path: '/api/v1/session',
      action: undefined,
      recorded: 'sign-in',
      does: 'Trades a token for a session, in a cookie. Limited per address.',
      answers: '`ActorView`',
      body: SIGN_IN_BODY,
      async handle({ request, body }) {
        const { actor, cookie } = access.signIn(request, body.token)
        return { status: 200, body: actorView(actor), headers: { 'set-cookie': cookie }, actor }
      },
    }),
    endpoint({
      method: 'DELETE',
      path: '/api/v1/session',
      action: undefined,
      recorded: 'sign-out',
      does: 'Ends the session.',
      answers: '204',
      async handle({ request }) {
        const actor = access.admit(request)
        const headers = { 'set-cookie': access.signOut(request) }
        return { status: 204, headers, ...(actor ? { actor } : {}) }
      },
    }),
  ]
}

function auditEndpoints({ audit }: ConsoleParts): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/api/v1/audit',
      action: 'read',
      does: 'Every command, refusal and sign-in, the newest first; `before` a number.',
      answers: '`AuditEntry[]`',
      query: AUDIT_QUERY,
      handle: async ({ query }) => ({ status: 200, body: (await audit?.read(query)) ?? [] }),
    }),
    endpoint({
      method: 'GET',
      path: '/api/v1/audit/verify',
      action: 'read',
      does: 'Whether the audit log is whole: every hash and every link, checked now.',
      answers: '`AuditVerificationView`',
      async handle() {
        if (!audit) throw unavailable('verify', 'audit')
        return { status: 200, body: await audit.verify() }
      },
    }),
  ]
}

function agentEndpoints({ agent }: ConsoleParts): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/api/v1/agent',
      action: 'read',
      does: 'The agent that serves this console.',
      answers: '`AgentView`',
      async handle() {
        if (!agent) throw unavailable('agent', 'agent')
        return { status: 200, body: agent.describe() }
      },
    }),
    endpoint({
      method: 'POST',
      path: '/api/v1/agent/reload',
      action: 'reload',
      recorded: 'reload',
      does: 'Reads the config anew. Where it is refused, the old one stays in force.',
      answers: '`AgentView`',
      async handle() {
        if (!agent) throw unavailable('reload', 'agent')
        return { status: 200, body: await agent.reload() }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/api/v1/services/:service/instances/:instance/logs',
      action: 'read',
      does: 'The last lines that an instance printed.',
      answers: 'plain text',
      query: LOGS_QUERY,
      async handle({ param, query: { lines } }) {
        if (!agent) throw unavailable('logs', 'agent')
        return { status: 200, text: await agent.logs(param('service'), param('instance'), lines) }
      },
    }),
  ]
}

/** Where a request came from is for the audit log only. */
export function actorView({ name, role, via, csrf }: Actor): ActorView {
  return { name, role, via, csrf }
}

function unavailable(action: string, port: string): Error {
  return consoleError('CHANGEOVER_CONSOLE_UNAVAILABLE', { action, port })
}
