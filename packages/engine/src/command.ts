/** What a person or a program may ask of a running rollout. */
export type CommandName =
  /** One person's yes at a gate. */
  | 'approve'
  /** Stops the clock of the step under way and begins nothing new. */
  | 'pause'
  /** Goes on after a pause, or after a gate that holds. */
  | 'resume'
  /** Overrides every gate and bake that is still to come, by a named person. */
  | 'promote'
  /** Gives the new release up. */
  | 'abort'
  /** The same, asked for as a way back. */
  | 'rollback'

/** A command with its actor, as it is journaled. */
export interface Command {
  readonly command: CommandName
  /** Repeating it changes nothing. */
  readonly id: string
  readonly by: string
  readonly gate?: string
  readonly reason?: string
}
