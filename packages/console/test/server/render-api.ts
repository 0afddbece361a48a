import { z } from 'zod'
import { ROLE_FOR } from '../../src/access/roles.ts'
import type { Endpoint } from '../../src/http/endpoint.ts'

/** The text of docs/api.md. */
export function renderApi(endpoints: readonly Endpoint[]): string {
  return [head, ...endpoints.map(renderEndpoint)].join('\n')
}

const head = `# The HTTP API of the console

Version 1, served by \`@changeover/console\` in your own server and by \`changeover agent\` on its socket. Types of what is
answered are in \`@changeover/console/api\`. Bodies are JSON of at most 64 KiB; a field or a parameter that is not listed is
refused. Whoever asks sends \`authorization: Bearer\` with a token, or the cookie of a session and, for anything but GET and
HEAD, its \`x-changeover-csrf\`. Each role may do what those before it may: viewer, approver, operator.

Every answer of 4xx and 5xx is \`{ "error": { "code", "message" } }\`, with a code of [errors.md](errors.md):
400 malformed, 401 nobody, 403 not allowed, 404 unknown, 405 another method, 408 and 413 too slow or too large a body,
409 replayed, stale, finished or already under way, 415 no JSON, 421 a foreign host, 422 refused by the engine, 429 too many
sign-ins, 501 not set up here, 503 closing, standing by, or too many streams.

A command's \`id\` is chosen by the sender and obeyed once: where an answer was lost, send it again with the same id; 409
\`CHANGEOVER_CONSOLE_REPLAYED\` means that the first one was obeyed. \`seen\` is the step that the sender looked at, \`position\` and
\`direction\` of the \`RolloutView\`: where the rollout is elsewhere by now, nothing is done.

Streams are server-sent events. Of a rollout's events only \`entry\` has an id, the number of the entry; \`Last-Event-ID\`, which
browsers send by themselves, or \`?after=\` goes on exactly behind it. A connection that takes nothing for 30 s is cut, and
misses nothing when it comes back.

This file is written by the test suite from the table of endpoints:
\`npx vitest run packages/console/test/server/api-reference.test.ts --update\`.
`

function renderEndpoint({ method, path, action, does, answers, body, query }: Endpoint): string {
  const lines = [
    `## ${method} ${path}\n`,
    `${does}\n`,
    `_${action === undefined ? 'Open to everybody' : `Role: ${ROLE_FOR[action]}`}._ Answers ${answers}.\n`,
    ...(query ? [`Parameters:\n`, schemaText(query)] : []),
    ...(body ? [`Body:\n`, schemaText(body)] : []),
  ]
  return lines.join('\n')
}

function schemaText(schema: z.ZodType): string {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input' })
  const text = JSON.stringify(json, undefined, 2)
  return `\`\`\`json\n${text.replaceAll(SHORT_LIST, onOneLine)}\n\`\`\`\n`
}

/** The formatter wants lists of words on one line. */
const SHORT_LIST = /\[\s+("[^"]*"(?:,\s+"[^"]*")*)\s+\]/g

function onOneLine(_: string, words: string): string {
  return `[${words.replaceAll(/,\s+/g, ', ')}]`
}
