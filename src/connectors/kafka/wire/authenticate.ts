import { createHash, createHmac, pbkdf2 as pbkdf2Callback, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { SourceError } from '../../../errors.js'
import type { BrokerConnection } from './connection.js'
import { errorName } from './error-codes.js'

export interface SaslOptions {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: string
}

const SASL_HANDSHAKE = 17
const SASL_AUTHENTICATE = 36
const pbkdf2 = promisify(pbkdf2Callback)

/** Authenticates to a broker. Errors name the mechanism and the user, but never the password. */
export async function authenticate(connection: BrokerConnection, sasl: SaslOptions): Promise<void> {
  const handshake = await connection.send(SASL_HANDSHAKE, 1, (request) => request.text(sasl.mechanism.toUpperCase()))
  const code = handshake.int16()
  const offered = handshake.array(() => handshake.text())
  if (code !== 0) throw refused(connection, sasl, `${errorName(code)}; the broker offers ${offered.join(', ')}`)
  const exchange = (bytes: Buffer) => authenticateStep(connection, sasl, bytes)
  if (sasl.mechanism === 'plain') await exchange(Buffer.from(`\0${sasl.username}\0${sasl.password}`))
  else await scram(connection, sasl, exchange)
}

async function authenticateStep(connection: BrokerConnection, sasl: SaslOptions, bytes: Buffer): Promise<Buffer> {
  const response = await connection.send(SASL_AUTHENTICATE, 0, (request) => request.bytes(bytes))
  const code = response.int16()
  const message = response.nullableText()
  if (code !== 0) throw refused(connection, sasl, message ?? errorName(code))
  return response.bytes()
}

/** SCRAM (RFC 5802): the client does not send its password, and the broker proves that it knows the password too. */
async function scram(
  connection: BrokerConnection,
  sasl: SaslOptions,
  exchange: (bytes: Buffer) => Promise<Buffer>,
): Promise<void> {
  const hash = sasl.mechanism === 'scram-sha-256' ? 'sha256' : 'sha512'
  const hmac = (key: Buffer, data: string) => createHmac(hash, key).update(data).digest()
  const user = sasl.username.replaceAll('=', '=3D').replaceAll(',', '=2C')
  const nonce = randomBytes(24).toString('base64url')
  const first = `n=${user},r=${nonce}`
  const challenge = (await exchange(Buffer.from(`n,,${first}`))).toString()
  const { r: fullNonce = '', s: salt = '', i: rounds = '' } = fields(challenge)
  const iterations = Number(rounds)
  if (!fullNonce.startsWith(nonce) || !(iterations >= 4096 && iterations <= 1_000_000))
    throw refused(connection, sasl, 'the challenge of the broker is not valid')
  const length = hash === 'sha256' ? 32 : 64
  const salted = await pbkdf2(sasl.password.normalize('NFKC'), Buffer.from(salt, 'base64'), iterations, length, hash)
  const clientKey = hmac(salted, 'Client Key')
  const final = `c=biws,r=${fullNonce}`
  const signed = `${first},${challenge},${final}`
  const signature = hmac(createHash(hash).update(clientKey).digest(), signed)
  const proof = Buffer.from(clientKey.map((byte, i) => byte ^ signature[i]!))
  const { v = '' } = fields((await exchange(Buffer.from(`${final},p=${proof.toString('base64')}`))).toString())
  const expected = hmac(hmac(salted, 'Server Key'), signed)
  const given = Buffer.from(v, 'base64')
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw refused(connection, sasl, 'the broker could not prove that it knows the password')
}

function fields(message: string): Record<string, string> {
  return Object.fromEntries(message.split(',').map((field) => [field.slice(0, 1), field.slice(2)]))
}

function refused({ address }: BrokerConnection, { mechanism, username }: SaslOptions, why: string): SourceError {
  const { host, port } = address
  return new SourceError(
    `The Kafka broker ${host}:${port} refused user '${username}' by ${mechanism}: ${why}. Check sasl.mechanism, username and password.`,
    { details: { host, port, mechanism, username, final: true } },
  )
}
