import { openRaw } from './raw-client.ts'
import type { RawClient } from './raw-client.ts'

/** An HTTP/2 client that obeys nothing and shows the frames it gets. */
export interface FrameClient extends Omit<RawClient, 'sees'> {
  /** Sends a GET. */
  readonly ask: (streamId: number) => void
  /** Resolves when so many frames of this type came. */
  readonly sees: (type: 'settings' | 'goaway', times?: number) => Promise<void>
  /** Last stream ids of the GOAWAYs that came. */
  readonly goaways: () => number[]
}

const types = { settings: 4, goaway: 7 } as const

// :method GET, :scheme http, :path /, :authority a
const getRequest = Buffer.from([0x82, 0x86, 0x84, 0x41, 0x01, 0x61])

export async function openFrames(
  port: number,
  { silent = false, allowHalfOpen = false } = {},
): Promise<FrameClient> {
  const client = await openRaw(port, { allowHalfOpen })
  if (!silent) {
    client.send('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    client.socket.write(frame(types.settings, 0, 0))
  }
  const frames = (type: number): Buffer[] =>
    framesIn(Buffer.from(client.received(), 'latin1')).filter((bytes) => bytes[3] === type)

  async function sees(type: keyof typeof types, times = 1): Promise<void> {
    while (frames(types[type]).length < times) {
      await new Promise<void>((resolve, reject) => {
        client.socket.once('data', () => resolve())
        void client.closed.then(() => reject(new Error(`closed before ${type}`)))
      })
    }
  }

  return {
    ...client,
    sees,
    ask: (streamId) => void client.socket.write(frame(1, 5, streamId, getRequest)),
    goaways: () => frames(types.goaway).map((bytes) => bytes.readUInt32BE(9)),
  }
}

function frame(type: number, flags: number, streamId: number, payload = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(streamId, 5)
  return Buffer.concat([head, payload])
}

function framesIn(bytes: Buffer): Buffer[] {
  if (bytes.length < 9) return []
  const end = 9 + bytes.readUIntBE(0, 3)
  return bytes.length < end ? [] : [bytes.subarray(0, end), ...framesIn(bytes.subarray(end))]
}
