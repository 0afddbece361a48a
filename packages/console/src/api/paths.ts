import type { CommandName } from '@changeover/engine'

const root = '/api/v1'
const part = encodeURIComponent

/** Where everything is, below the path that the console is mounted at. */
export const paths: {
  readonly agent: string
  readonly reload: string
  readonly me: string
  readonly session: string
  readonly audit: string
  readonly auditVerify: string
  readonly events: string
  readonly services: string
  service(name: string): string
  history(service: string): string
  plan(service: string): string
  deploy(service: string): string
  rollback(service: string): string
  rollbackPlan(service: string): string
  migrations(service: string, release: string): string
  logs(service: string, instance: string): string
  rollout(id: string): string
  instances(id: string): string
  journal(id: string): string
  verify(id: string): string
  rolloutEvents(id: string): string
  command(id: string, command: CommandName): string
} = {
  agent: `${root}/agent`,
  reload: `${root}/agent/reload`,
  me: `${root}/me`,
  session: `${root}/session`,
  audit: `${root}/audit`,
  auditVerify: `${root}/audit/verify`,
  events: `${root}/events`,
  services: `${root}/services`,
  service: (name) => `${root}/services/${part(name)}`,
  history: (service) => `${root}/services/${part(service)}/history`,
  plan: (service) => `${root}/services/${part(service)}/plan`,
  deploy: (service) => `${root}/services/${part(service)}/deploy`,
  rollback: (service) => `${root}/services/${part(service)}/rollback`,
  rollbackPlan: (service) => `${root}/services/${part(service)}/rollback/plan`,
  migrations: (service, release) =>
    `${root}/services/${part(service)}/releases/${part(release)}/migrations`,
  logs: (service, instance) => `${root}/services/${part(service)}/instances/${part(instance)}/logs`,
  rollout: (id) => `${root}/rollouts/${part(id)}`,
  instances: (id) => `${root}/rollouts/${part(id)}/instances`,
  journal: (id) => `${root}/rollouts/${part(id)}/journal`,
  verify: (id) => `${root}/rollouts/${part(id)}/verify`,
  rolloutEvents: (id) => `${root}/rollouts/${part(id)}/events`,
  command: (id, command) => `${root}/rollouts/${part(id)}/${command}`,
}
