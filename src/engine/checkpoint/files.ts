import { link, open, readdir, rename, rm } from 'node:fs/promises'
import { CheckpointError } from '../../errors.js'

/** Names of all files; none if there is no directory. */
export async function namesOf(directory: string): Promise<string[]> {
  try {
    return await readdir(directory)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new CheckpointError(
      `The checkpoint directory ${directory} cannot be read. Give the path of a directory that this process may read and write.`,
      { directory },
      cause,
    )
  }
}

export async function writeSynced(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const handle = await open(path, 'w')
  try {
    for (const piece of pieces) await handle.writeFile(piece)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The file appears whole or not at all. `beforeRename` may refuse it by a rejection. */
export async function publishSynced(path: string, bytes: Uint8Array, beforeRename: () => Promise<void>): Promise<void> {
  const temporary = `${path}.tmp`
  await writeSynced(temporary, [bytes])
  try {
    await beforeRename()
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Gives the bytes of a file that is synced another name; copies them where the file system has no links. */
export async function linkOrCopy(from: string, to: string, bytes: Uint8Array): Promise<void> {
  try {
    await link(from, to)
  } catch {
    // Links are not supported, or the file was removed since its bytes were read. A fault of the disk shows in the copy.
    await writeSynced(to, [bytes])
  }
}

/** A rename itself must survive a power failure too. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
