/** Something that spreads requests over backends on 127.0.0.1, and learns by itself which of them are there. */
export interface Balancer {
  readonly name: string
  /** Where requests go; a function is asked for each request. */
  readonly url: string | (() => string)
  /** Resolves when the backend at this port gets requests again after a restart, so that the next one may be restarted. */
  readonly noticed: (port: number) => Promise<void>
  /** What it wrote about trouble. */
  readonly log: () => string
  [Symbol.asyncDispose](): Promise<void>
}
