import type { CreateOptions, FileSystem } from './file-system.js'

/** Returns all bytes of a file. Rejects with the reason `missing` if it does not exist. */
export async function readFile(system: FileSystem, path: string, signal?: AbortSignal): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of system.read(path, { signal })) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** Creates a file with these bytes. */
export async function writeFile(
  system: FileSystem,
  path: string,
  pieces: Iterable<Uint8Array>,
  options?: CreateOptions,
): Promise<void> {
  const output = await system.create(path, options)
  try {
    for (const piece of pieces) await output.write(piece)
    await output.close()
  } catch (error) {
    await output.abort()
    throw error
  }
}

/**
 * Writes a file that appears either complete or not at all. If `check`, called just before, rejects, the file does not
 * appear.
 */
export async function publishFile(
  system: FileSystem,
  path: string,
  bytes: Uint8Array,
  check: () => Promise<void>,
): Promise<void> {
  if (!system.rename) {
    // Such a file appears when it is complete.
    await check()
    await writeFile(system, path, [bytes], { durable: true })
    return
  }
  const temporary = `${path}.tmp`
  await writeFile(system, temporary, [bytes], { durable: true })
  try {
    await check()
    await system.rename(temporary, path, { replace: true, durable: true })
  } catch (error) {
    await system.delete(temporary).catch(() => undefined)
    throw error
  }
}

/** Creates a second name for a file with these bytes, or writes them if the file system has no links. */
export async function copyFile(system: FileSystem, from: string, to: string, bytes: Uint8Array): Promise<void> {
  try {
    if (system.copy) return await system.copy(from, to)
  } catch {
    // The file system has no links, or the file was removed after its bytes were read. If the disk fails, the copy
    // fails too.
  }
  await writeFile(system, to, [bytes], { durable: true })
}
