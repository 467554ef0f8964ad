import { SourceError } from '../errors.js'
import type { FileSystemFactory } from '../files/file-system.js'
import { FileSystems, type FileSystemsOptions } from '../files/file-systems.js'
import { ExportLoader } from './export-loader.js'

const factories = new ExportLoader<FileSystemFactory>(
  'file system',
  'open',
  'open(options), which returns a file system',
  SourceError,
)

/** Returns the file systems that a context's option names, for this thread. */
export function openFileSystems(options: FileSystemsOptions): FileSystems {
  return new FileSystems(options, (ref) => factories.load(ref))
}
