/** What `changeover init` writes. */
export const CONFIG_TEMPLATE = `// What \`changeover agent\` keeps running. Reload after a change: changeover reload
// A mistake is told with file, line and field, and the config of before stays in force.

/** @type {import('changeover').ChangeoverConfig} */
export default {
  services: {
    shop: {
      // {version} is what is deployed: changeover deploy shop 1.0.0
      command: ['node', '/srv/shop/{version}/server.js'],
      replicas: 2,
      // Users come here; each instance gets a port of its own in PORT.
      port: 8080,
      // An instance gets requests once this answers 200.
      readiness: { path: '/readyz' },
      // Names of variables of the agent that instances get. Secrets come this way, never in this file.
      // inherit: ['DATABASE_URL'],

      strategy: { rolling: { maxSurge: 1, maxUnavailable: 0 } },
      // strategy: {
      //   canary: {
      //     steps: [{ weight: 10 }, { bake: '2m' }, { approve: 'go' }, { weight: 100 }],
      //   },
      // },
      // strategy: { blueGreen: { steps: [{ approve: 'go' }], keepOld: '10m' } },

      // Whoever asked for a rollout may neither approve nor promote it.
      // fourEyes: true,
    },
  },

  // The console in a browser, and commands from other machines by token: changeover token create
  // http: { port: 4400 },
}
`
