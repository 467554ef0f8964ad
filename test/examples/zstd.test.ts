import { expect, test } from 'vitest'
import { decodeZstd, zstdDecompress } from '../../examples/support/zstd.mjs'

const bytes = (base64: string): Uint8Array => Buffer.from(base64, 'base64')

const AIRPORTS = ['SFO', 'JFK', 'ORD', 'ATL']
const TEXT = Array.from({ length: 160 }, (_, i) => {
  return `line ${(i * i * i) % 977} of ${i % 7} flights from ${AIRPORTS[i % 4]}\n`
}).join('')
// TEXT, as the reference implementation compresses it at level 19: Huffman and FSE tables, four streams, repeated offsets.
const COMPRESSED = bytes(
  [
    'KLUv/QBoDQ8ARl1AFoCvdBtc9SRCiwMNHnaSUqaUXDJRVjBHADUAMwCkeVyvaEgNcu3XT7awPP7PtoyquSlPy8Hipi7ROEObDhYEWhxIQOAN',
    'CAo2AAQChQAJioqGAIuLBweIiIYACWigCJAAhgmIiB1sq8rZzX/+S7lRG7UPGSfxtDVn0VqtcZoaxxBvjNiRifNJtfs6MzwGCY34aplucqiK',
    's3sBpBJxHv9yomXGlPROzaudTV89g/Nu7sw2Qx6XzjFLP+NMZThoaKIpbjkrlZSLlf5FrtUck5bWGqs6X7IuVdqWk4wGNzpnkfyiC/0pxwbR',
    'PzRO6SibZykhZRtTY0oNjyF+hEy0fQbJWgGA46gRGeX3fwMwM0qKDREwCEJ4PCHCChHqA2NldZzjBReLSdxz9cli62XtfxA/nQZ7K8Y311Np',
    'AIAsN8SP/X0a2Hl3Rax3hLX3zH67mTKEzf2q0YEHw2ZFWExij5xr8u4yY+3Fdoqye2Dsm1MtOalGelQQIbZYPFKkQIGCIQeOlCobFCQQYsAI',
    'EQIECIQYMEKEAAECIQaUVi1SxTWSHluS9JcUUEhJVOib1CIaXgklhyJiwAgHW0pgEeAMxd/GkvoNK0nUF4qr7S1Q2DV5FsCTywLgXQKwKKsA',
    'I2DZKg==',
  ].join(''),
)
const RUN = bytes('KLUv/QBYVAAAEAcHAQD7/znAAgIAEAcDnwQH')
const RAW = bytes(
  'KLUv/QBYAQIAACaKMRY5mj4gQJ4/HjuWNBAqgh3xDWL1y982xpmq+YtbabVEERxl7La+CY1UWZwi4eMopmdmoyPc2BePSkN67w==',
)

test('the decoder reads compressed, repeated and raw blocks of the reference implementation', () => {
  expect(Buffer.from(decodeZstd(COMPRESSED, TEXT.length)).toString()).toBe(TEXT)
  expect(Buffer.from(decodeZstd(RUN, 300_000)).equals(Buffer.alloc(300_000, 7))).toBe(true)
  expect(decodeZstd(RAW, 64)).toEqual(Uint8Array.from({ length: 64 }, (_, i) => (i * i * 31 + 7 * i) % 251))
})

test('two frames after another are one text, and a skippable frame is skipped', () => {
  const skippable = Buffer.from('502a4d1803000000616263', 'hex')
  const joined = Buffer.concat([COMPRESSED, skippable, COMPRESSED])
  expect(Buffer.from(decodeZstd(joined, 2 * TEXT.length)).toString()).toBe(TEXT + TEXT)
})

test('the decoder in use gives the same as the one in JavaScript', () => {
  expect(Buffer.from(zstdDecompress(COMPRESSED, TEXT.length)).toString()).toBe(TEXT)
})

test('damaged data is an error that says what is wrong', () => {
  expect(() => decodeZstd(Buffer.from('not compressed'), 14)).toThrow(/Not Zstandard data/)
  expect(() => decodeZstd(COMPRESSED.subarray(0, COMPRESSED.length - 9), TEXT.length)).toThrow(/cut off/)
  expect(() => decodeZstd(COMPRESSED, TEXT.length + 1)).toThrow(
    `gave ${TEXT.length} bytes, ${TEXT.length + 1} were expected`,
  )
})
