import { open } from 'node:fs/promises'

/** Makes durable which files the folder holds: syncing a new file alone does not. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
