import { FULL_WEIGHT } from '@changeover/engine'
import type { ServiceSettings } from './options.ts'
import { FULL_SCALE } from './route-text.ts'
import { namesOf } from './service-names.ts'

/** Counters of a release before those of slow answers: all requests, those answered, those answered with 5xx. */
export const PLAIN_COUNTERS = 3

/** Multiples of this, mod {@link FULL_SCALE}, are spread most evenly: the golden ratio's fraction of it, and odd. */
const GOLDEN_STEP = 663_608_941

/** How much a release may be owed before its turn comes, in basis points of a request. */
const SLACK = 1.5 * FULL_WEIGHT

/** The lines of a frontend that send each request where the table in force says. Pure. */
export function requestRules(service: ServiceSettings): string[] {
  const { proxy, variable } = namesOf(service.name)
  return [
    ...REFUSALS,
    ...HOP_BY_HOP,
    'http-request disable-l7-retry unless { method GET HEAD OPTIONS }',
    ...forwarded(service),
    `http-request set-var(txn.co_text) var(${variable})`,
    `http-request set-var(txn.co_cuts) ${part(2)}`,
    `http-request set-var(txn.co_rules) ${part(3)}`,
    `http-request set-var(txn.co_cohort) ${part(4)}`,
    ...readMarks(service),
    ...Array.from({ length: service.rules }, (_, i) => rule(service, i + 1)).flat(),
    ...cohort(service),
    ...cuts(service),
    ...counted(service),
    // What follows is only for requests of nobody: it need not be looked at by all others.
    'http-request allow if { var(txn.co_to) -m found }',
    ...turns(service),
    ...counted(service),
    ...counting(service),
    `use_backend ${proxy}..%[var(txn.co_slot)] if { var(txn.co_slot) -m len gt 0 }`,
    `default_backend ${proxy}..none`,
  ]
}

/** What an instance could read in another way than HAProxy does. */
const REFUSALS = [
  'http-request deny deny_status 400 if { req.hdrs -m reg \\\\x00 }',
  'http-request deny deny_status 400 if { req.hdr_cnt(host) gt 1 }',
  'http-request deny deny_status 400 if HTTP_1.1 !{ req.hdr(host) -m found }',
]

/** What either side says about its own connection. HAProxy cannot take out what else `Connection` names. */
const HOP_BY_HOP = ['request', 'response'].flatMap((way) => [
  `http-${way} del-header Keep-Alive`,
  `http-${way} del-header Proxy-Connection`,
])

function part(index: number): string {
  return `var(txn.co_text),field(${index},/)`
}

/** No rule and no cut has decided yet. */
const UNDECIDED = '!{ var(txn.co_to) -m found }'
const STEERED = '{ var(txn.co_rules) -m len gt 0 } || { var(txn.co_cohort) -m len gt 0 }'

function forwarded({ trustForwarded }: ServiceSettings): string[] {
  if (trustForwarded) return ['option forwardfor']
  return [
    'http-request set-header X-Forwarded-For %[src]',
    'http-request set-header X-Forwarded-Host %[req.hdr(host)]',
    'http-request set-header X-Forwarded-Proto http',
    'http-request set-header X-Forwarded-Proto https if { ssl_fc }',
    'http-request del-header X-Forwarded-Port',
    'http-request del-header Forwarded',
    'http-request del-header X-Real-IP',
  ]
}

/** Values as the table has them, so that nothing in a request is taken for a sign of ours. */
function readMarks({ headers, cookies }: ServiceSettings): string[] {
  return [
    ...headers.map((name, i) => readMark(`h${i}`, `req.fhdr(${name},1)`)),
    ...cookies.map((name, i) => readMark(`c${i}`, `req.cook(${name})`)),
  ]
}

function readMark(mark: string, fetch: string): string {
  return `http-request set-var(txn.co_${mark}) ${fetch},ub64enc if ${STEERED}`
}

/** One rule of the table: `mark~value~target`. What has no rule costs one look at a variable. */
function rule({ headers, cookies }: ServiceSettings, index: number): string[] {
  const marks = [...headers.map((_, i) => `h${i}`), ...cookies.map((_, i) => `c${i}`)]
  const open = `${UNDECIDED} { var(txn.co_rules) -m len gt 0 }`
  const decided = 'http-request set-var(txn.co_to) var(txn.co_rule),field(3,~)'
  return [
    'http-request unset-var(txn.co_mark)',
    `http-request set-var(txn.co_rule) var(txn.co_rules),field(${index},+) if ${open}`,
    `http-request set-var(txn.co_want) var(txn.co_rule),field(2,~) if ${open}`,
    ...marks.map(
      (mark) =>
        `http-request set-var(txn.co_mark) var(txn.co_${mark}) if ${open} { var(txn.co_rule),field(1,~) -m str ${mark} }`,
    ),
    `${decided} if ${open} { var(txn.co_mark) -m found } { var(txn.co_want) -m str * }`,
    `${decided} if ${open} { var(txn.co_mark) -m found } { var(txn.co_mark),strcmp(txn.co_want) eq 0 }`,
  ]
}

/** A user's place on the scale: by the salt and who they are, so the same at each request and on each HAProxy. */
function cohort({ headers, cookies }: ServiceSettings): string[] {
  const marks = [...headers.map((_, i) => `h${i}`), ...cookies.map((_, i) => `c${i}`)]
  const open = `${UNDECIDED} { var(txn.co_cohort) -m len gt 0 }`
  return [
    `http-request set-var(txn.co_salt) var(txn.co_cohort),field(2,~) if ${open}`,
    ...marks.map(
      (mark) =>
        `http-request set-var(txn.co_at) var(txn.co_salt),concat(:,txn.co_${mark}),xxh32(0),div(4) if ${open} { var(txn.co_cohort),field(1,~) -m str ${mark} } { var(txn.co_${mark}) -m len gt 0 }`,
    ),
  ]
}

/** The cuts of the table: `edge~target~weight`. The first edge beyond a user's place decides; a sole release takes all. */
function cuts({ slots }: ServiceSettings): string[] {
  const each = places(slots).flatMap((i) => [
    `http-request set-var(txn.co_cut${i}) var(txn.co_cuts),field(${i},+) if ${UNDECIDED}`,
    `http-request set-var(txn.co_edge${i}) var(txn.co_cut${i}),field(1,~),add(0) if ${UNDECIDED} { var(txn.co_cut${i}) -m found }`,
    `${decided(i)} { var(txn.co_at) -m found } { var(txn.co_cut${i}) -m found } { var(txn.co_at),sub(txn.co_edge${i}) lt 0 }`,
  ])
  return [...each, `${decided(1)} { var(txn.co_edge1) -m int eq ${FULL_SCALE} }`]
}

function decided(i: number): string {
  return `http-request set-var(txn.co_to) var(txn.co_cut${i}),field(2,~) if ${UNDECIDED}`
}

/**
 * Requests of nobody take turns: each one's place on the scale is the next multiple of the golden ratio, which no regular
 * traffic is in step with. A release that is owed more than one and a half requests comes first, and one that had so
 * many too many is passed over, so that each has its share at any number of requests.
 */
function turns({ name, slots }: ServiceSettings): string[] {
  const { turns } = namesOf(name)
  const open = `${UNDECIDED} { var(txn.co_turn) -m found }`
  const set = (variable: string, expression: string, condition: string): string =>
    `http-request set-var(txn.co_${variable}) ${expression} if ${open} ${condition}`.trimEnd()
  const each = (render: (i: number) => readonly string[]): string[] => places(slots).flatMap(render)
  const unpicked = '!{ var(txn.co_pick) -m found }'
  const enough = Math.floor(SLACK / Math.max(1, places(slots).length - 1))
  return [
    `http-request track-sc2 var(txn.co_text),field(1,/),field(1,:,2) table ${turns} if ${UNDECIDED} { var(txn.co_cut1) -m found }`,
    `http-request set-var(txn.co_turn) sc_inc_gpc(0,2) if ${UNDECIDED} { var(txn.co_cut1) -m found }`,
    set('at', `var(txn.co_turn),mul(${GOLDEN_STEP}),mod(${FULL_SCALE})`, ''),
    ...each((i) => [
      set(`weight${i}`, `var(txn.co_cut${i}),field(3,~),add(0)`, found(`cut${i}`)),
      set(`had${i}`, `sc_get_gpc(${i},2),mul(${FULL_WEIGHT})`, found(`cut${i}`)),
      set(
        `owed${i}`,
        `var(txn.co_turn),mul(txn.co_weight${i}),sub(txn.co_had${i})`,
        found(`cut${i}`),
      ),
      set('pick', `int(${i})`, `${unpicked} { var(txn.co_owed${i}) -m int gt ${SLACK} }`),
      set(
        'next',
        `int(${i})`,
        `!{ var(txn.co_next) -m found } ${found(`cut${i}`)} { var(txn.co_at),sub(txn.co_edge${i}) lt 0 }`,
      ),
    ]),
    ...each((i) => [
      set(
        'pick',
        `int(${i})`,
        `${unpicked} { var(txn.co_next) -m int ${i} } { var(txn.co_owed${i}) -m int ge ${FULL_WEIGHT - SLACK} }`,
      ),
    ]),
    ...each((i) => [
      set('pick', `int(${i})`, `${unpicked} { var(txn.co_owed${i}) -m int ge ${enough} }`),
    ]),
    // Only after four thousand million requests, when the counters begin anew.
    set('pick', 'var(txn.co_next)', unpicked),
    ...each((i) => [
      set('had', `sc_inc_gpc(${i},2)`, `{ var(txn.co_pick) -m int ${i} }`),
      set('to', `var(txn.co_cut${i}),field(2,~)`, `{ var(txn.co_pick) -m int ${i} }`),
    ]),
  ]
}

function places(slots: number): number[] {
  return Array.from({ length: slots / 2 }, (_, i) => i + 1)
}

function found(variable: string): string {
  return `{ var(txn.co_${variable}) -m found }`
}

/** Notes where a request goes, as soon as that is decided. */
function counted({ name }: ServiceSettings): string[] {
  return [
    'http-request set-var(txn.co_key) var(txn.co_to),field(2,:)',
    'http-request set-var(txn.co_slot) var(txn.co_to),field(1,:)',
    `http-request track-sc1 var(txn.co_key) table ${namesOf(name).counts} if { var(txn.co_key) -m len gt 0 }`,
    'http-request set-var(txn.co_begun) date(0,ms)',
    'http-request set-var(txn.co_n) sc_inc_gpc(0,1) if { var(txn.co_key) -m len gt 0 }',
  ]
}

/** Answers are counted once their status is known; what never gets one is found by what is missing. */
function counting({ slowBounds }: ServiceSettings): string[] {
  const final = '{ var(txn.co_key) -m len gt 0 } !{ status 100 102:199 }'
  return [
    `http-after-response set-var(txn.co_n) sc_inc_gpc(1,1) if ${final}`,
    `http-after-response set-var(txn.co_n) sc_inc_gpc(2,1) if ${final} { status ge 500 }`,
    ...(slowBounds.length > 0
      ? [`http-after-response set-var(txn.co_took) date(0,ms),sub(txn.co_begun) if ${final}`]
      : []),
    ...slowBounds.map(
      (bound, i) =>
        `http-after-response set-var(txn.co_n) sc_inc_gpc(${i + PLAIN_COUNTERS},1) if ${final} { var(txn.co_took) -m int gt ${bound} }`,
    ),
  ]
}
