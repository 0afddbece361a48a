import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Options of {@link unitFile}. */
export interface UnitOptions {
  /** The config of the agent. */
  readonly config: string
  /** Its name below `/var/lib`, which systemd makes. @default 'changeover' */
  readonly stateDirectory?: string
  /** Whom the agent and all instances run as. @default 'changeover' */
  readonly user?: string
  /** What starts `changeover`. @default this Node with this package */
  readonly program?: readonly string[]
}

/**
 * A unit for systemd: the agent starts with the machine, again after any end, and its services stay up meanwhile. Pure.
 */
export function unitFile({
  config,
  stateDirectory = 'changeover',
  user = 'changeover',
  program = [process.execPath, fileURLToPath(new URL('../../bin/changeover.js', import.meta.url))],
}: UnitOptions): string {
  const directory = `/var/lib/${stateDirectory}`
  const words = [...program, 'agent', '--config', resolve(config), '--directory', directory]
  return `# useradd --system --home-dir ${directory} --shell /usr/sbin/nologin ${user}
# Write this to /etc/systemd/system/changeover.service, then:
#   systemctl daemon-reload && systemctl enable --now changeover
# The commands find the agent by its directory: export CHANGEOVER_DIRECTORY=${directory}

[Unit]
Description=Changeover: ships new versions of services without a dropped request
Documentation=https://www.npmjs.com/package/changeover
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=simple
User=${user}
ExecStart=${words.map(quoted).join(' ')}
ExecReload=/bin/kill -HUP $MAINPID
# Secrets that the config names, one NAME=value in each line; mode 0600.
EnvironmentFile=-/etc/changeover/environment
StateDirectory=${stateDirectory}
StateDirectoryMode=0700
UMask=0077

# Instances and routers are children of the agent and outlive it: only the agent itself is ever signalled, and an instance
# that runs out of memory is replaced by the agent instead of ending all others.
KillMode=process
OOMPolicy=continue
Restart=always
RestartSec=1s
TimeoutStopSec=30s
LimitNOFILE=65536

# For ports below 1024:
# AmbientCapabilities=CAP_NET_BIND_SERVICE

# All of it holds for the instances too. Not PrivateTmp and not RuntimeDirectory: systemd empties both when the agent
# ends, while instances still use them.
NoNewPrivileges=yes
ProtectSystem=full
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
LockPersonality=yes

[Install]
WantedBy=multi-user.target
`
}

/** As systemd reads a word: quotes, backslashes, and its own `%` and `$`. */
function quoted(word: string): string {
  const escaped = word
    .replaceAll(/[\\"]/g, String.raw`\$&`)
    .replaceAll('%', '%%')
    .replaceAll('$', '$$$$')
  return /^[\w@%+=:,./$-]+$/.test(escaped) ? escaped : `"${escaped}"`
}
