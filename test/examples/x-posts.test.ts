import { expect, test } from 'vitest'
import { PostFactory, tagNames } from '../../examples/support/x-posts.mjs'

const AT = '2026-01-31T12:00:00.000Z'

function draw(factory: PostFactory, posts: number): number[] {
  const drawn: number[] = []
  for (let i = 0; i < posts; i++) factory.line(i, AT, drawn)
  return drawn
}

test('a post depends on the seed and its number only, not on what was made before it', () => {
  const one = new PostFactory({ seed: 7, tags: 5000 })
  const two = new PostFactory({ seed: 7, tags: 5000 })
  const forward = Array.from({ length: 200 }, (_, i) => one.line(i, AT, []))
  const backward = Array.from({ length: 200 }, (_, i) => two.line(199 - i, AT, [])).reverse()
  expect(backward).toEqual(forward)
  expect(new PostFactory({ seed: 8, tags: 5000 }).line(0, AT, [])).not.toBe(forward[0])
})

test('tags are all different, and safe in JSON', () => {
  const names = tagNames(5000)
  expect(new Set(names).size).toBe(5000)
  expect(names.every((name) => JSON.stringify(name) === `"${name}"` && !/[\s#]/.test(name))).toBe(true)
})

test('tags follow a Zipf distribution', () => {
  const counts = new Array<number>(100).fill(0)
  const drawn = draw(new PostFactory({ seed: 7, tags: 100 }), 60_000)
  for (const tag of drawn) counts[tag]!++
  const harmonic = counts.reduce((sum, _, k) => sum + 1 / (k + 1), 0)
  for (const rank of [1, 2, 3, 10, 30]) {
    const expected = drawn.length / (rank * harmonic)
    // Four standard deviations; the seed is fixed, so that this never fails by chance.
    expect(Math.abs(counts[rank - 1]! - expected)).toBeLessThan(4 * Math.sqrt(expected))
  }
})

test('posts have none to four hashtags, and one without any has no list of them', () => {
  const factory = new PostFactory({ seed: 7, tags: 5000 })
  const kinds = new Set<string>()
  for (let i = 0; i < 500; i++) {
    const drawn: number[] = []
    const { data, matching_rules } = JSON.parse(factory.line(i, AT, drawn))
    const hashtags = data.entities?.hashtags
    expect(hashtags?.map(({ tag }: { tag: string }) => tag) ?? []).toEqual(drawn.map((tag) => factory.names[tag]))
    expect(hashtags).not.toEqual([])
    expect(matching_rules).toEqual([{ id: expect.any(String), tag: 'demo' }])
    expect(data).toMatchObject({
      id: expect.stringMatching(/^\d{19}$/),
      edit_history_tweet_ids: [data.id],
      created_at: AT,
    })
    for (const { start, end, url } of data.entities?.urls ?? [])
      expect([...data.text].slice(start, end).join('')).toBe(url)
    kinds.add(
      hashtags === undefined ? `none, ${data.entities === undefined ? 'no' : 'other'} entities` : `${drawn.length}`,
    )
  }
  expect([...kinds].sort()).toEqual(['1', '2', '3', '4', 'none, no entities', 'none, other entities'])
})
