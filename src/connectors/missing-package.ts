import { SourceError } from '../errors.js'

/**
 * Returns the error for packages that cannot be loaded. `user` is the first part of the message, such as `MQTT needs`.
 */
export function missingPackage(
  user: string,
  names: readonly [string, ...string[]],
  version: number,
  cause?: unknown,
): SourceError {
  const [packages, them] = names.length === 1 ? ['package', 'it'] : ['packages', 'them']
  const quoted = names.map((name) => `'${name}'`).join(' and ')
  return new SourceError(
    `${user} the ${packages} ${quoted}, which cannot be loaded. Install ${them}: npm install ${names.join(' ')} (version ${version}).`,
    { cause, details: { package: names[0], final: true } },
  )
}
