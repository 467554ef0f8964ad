// Physical-limit reference: word count and grep over a file in memory, one thread a core.
// usage: limit workload=wordcount|grep threads=2 file=... [variant=hashmap] [word=...]; then `go N` lines on the input.
use std::{collections::HashMap, env, fs, io, io::BufRead, io::Write, thread, time::Instant};

#[inline(always)]
fn load(p: &[u8], i: usize) -> u64 {
    if i + 8 <= p.len() {
        u64::from_le_bytes(p[i..i + 8].try_into().unwrap())
    } else {
        let mut b = [b' '; 8];
        b[..p.len() - i].copy_from_slice(&p[i..]);
        u64::from_le_bytes(b)
    }
}

// The high bit of each byte that is <= 0x20 (the text is ASCII).
#[inline(always)]
fn separators(x: u64) -> u64 {
    x.wrapping_sub(0x2121212121212121) & !x & 0x8080808080808080
}

#[derive(Clone, Copy, Default)]
struct Slot {
    hash: u64,
    at: u32,
    length: u32,
    count: u64,
}

// A word of at most 8 bytes is its hash (every mixing step is one-to-one), so only longer ones are compared with the text.
struct Table {
    slots: Vec<Slot>,
    used: usize,
    mask: usize,
}

impl Table {
    fn new(bits: u32) -> Self {
        Table { slots: vec![Slot::default(); 1 << bits], used: 0, mask: (1 << bits) - 1 }
    }

    #[inline(always)]
    fn add(&mut self, data: &[u8], word: Slot) {
        let (at, length) = (word.at as usize, word.length as usize);
        let mut i = (word.hash >> 20) as usize & self.mask;
        loop {
            let s = unsafe { self.slots.get_unchecked_mut(i) };
            if s.count == 0 {
                *s = word;
                self.used += 1;
                if self.used * 2 > self.mask {
                    self.grow();
                }
                return;
            }
            let other = s.at as usize;
            if s.hash == word.hash
                && s.length == word.length
                && (length <= 8 || data[other..other + length] == data[at..at + length])
            {
                s.count += word.count;
                return;
            }
            i = (i + 1) & self.mask;
        }
    }

    fn grow(&mut self) {
        let old = std::mem::take(&mut self.slots);
        self.mask = self.mask * 2 + 1;
        self.slots = vec![Slot::default(); self.mask + 1];
        for s in old.into_iter().filter(|s| s.count > 0) {
            let mut i = (s.hash >> 20) as usize & self.mask;
            while self.slots[i].count != 0 {
                i = (i + 1) & self.mask;
            }
            self.slots[i] = s;
        }
    }
}

fn count(data: &[u8], from: usize, to: usize) -> Table {
    const MIX: u64 = 0x9E3779B97F4A7C15;
    let mut table = Table::new(15);
    let mut i = from;
    while i < to {
        let start = i;
        let mut h = 0u64;
        loop {
            let x = load(data, i);
            let m = separators(x);
            if m != 0 {
                let n = (m.trailing_zeros() / 8) as usize;
                let kept = x & ((1u64 << (8 * n)).wrapping_sub(1));
                h = (h.rotate_left(5) ^ kept).wrapping_mul(MIX);
                i += n;
                break;
            }
            h = (h.rotate_left(5) ^ x).wrapping_mul(MIX);
            i += 8;
        }
        if i > start {
            let word = Slot { hash: h ^ (h >> 32), at: start as u32, length: (i - start) as u32, count: 1 };
            table.add(data, word);
        }
        i += 1;
    }
    table
}

// Where n threads begin and end: at line ends.
fn cuts(data: &[u8], n: usize) -> Vec<usize> {
    let mut v = vec![0];
    for k in 1..n {
        let mut p = data.len() * k / n;
        while data[p] != b'\n' {
            p += 1;
        }
        v.push(p + 1);
    }
    v.push(data.len());
    v
}

fn word_count(data: &[u8], threads: usize) -> Table {
    let c = cuts(data, threads);
    let mut tables: Vec<Table> = thread::scope(|s| {
        let spawned: Vec<_> = (0..threads).map(|k| { let (a, b) = (c[k], c[k + 1]); s.spawn(move || count(data, a, b)) }).collect();
        spawned.into_iter().map(|h| h.join().unwrap()).collect()
    });
    let mut table = tables.remove(0);
    for other in tables {
        for slot in other.slots.into_iter().filter(|s| s.count > 0) {
            table.add(data, slot);
        }
    }
    table
}

// What an unoptimised native loop gives, on one thread.
fn hash_map(data: &[u8]) -> HashMap<&[u8], u64> {
    let mut counts = HashMap::new();
    for word in data.split(|b| *b <= 32).filter(|word| !word.is_empty()) {
        *counts.entry(word).or_insert(0) += 1;
    }
    counts
}

fn grep_part(data: &[u8], word: &str) -> u64 {
    let text = unsafe { std::str::from_utf8_unchecked(data) };
    let (mut i, mut found) = (0, 0);
    while let Some(p) = text[i..].find(word) {
        found += 1;
        match text[i + p..].find('\n') {
            Some(end) => i += p + end + 1,
            None => break,
        }
    }
    found
}

fn grep(data: &[u8], word: &str, threads: usize) -> u64 {
    let c = cuts(data, threads);
    thread::scope(|s| {
        let spawned: Vec<_> = (0..threads).map(|k| { let part = &data[c[k]..c[k + 1]]; s.spawn(move || grep_part(part, word)) }).collect();
        spawned.into_iter().map(|h| h.join().unwrap()).sum()
    })
}

fn digest<'a>(pairs: impl Iterator<Item = (&'a [u8], u64)>) -> String {
    let (mut keys, mut total, mut hash) = (0u64, 0u64, 0u32);
    for (key, count) in pairs {
        let h = key.iter().fold(0x811c9dc5u32, |h, b| (h ^ *b as u32).wrapping_mul(0x01000193));
        keys += 1;
        total += count;
        hash = hash.wrapping_add(h.wrapping_mul(count as u32));
    }
    format!("{{\"keys\":{keys},\"total\":{total},\"hash\":{hash}}}")
}

fn timed<T>(ms: &mut Vec<String>, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let result = work();
    ms.push(format!("{:.4}", begun.elapsed().as_secs_f64() * 1e3));
    result
}

fn main() {
    let task: HashMap<String, String> = env::args().skip(1).filter_map(|a| a.split_once('=').map(|(k, v)| (k.into(), v.into()))).collect();
    let option = |name: &str| task.get(name).map(|s| s.as_str()).unwrap_or("");
    let threads: usize = option("threads").parse().unwrap();
    let data = fs::read(option("file")).unwrap();
    for line in io::stdin().lock().lines() {
        let line = line.unwrap();
        let iterations: usize = line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut ms = vec![];
        let mut answer = String::new();
        for _ in 0..iterations {
            answer = match (option("workload"), option("variant")) {
                ("wordcount", "hashmap") => digest(timed(&mut ms, || hash_map(&data)).into_iter()),
                ("wordcount", _) => {
                    let table = timed(&mut ms, || word_count(&data, threads));
                    let used = table.slots.iter().filter(|s| s.count > 0);
                    digest(used.map(|s| (&data[s.at as usize..(s.at + s.length) as usize], s.count)))
                }
                ("grep", _) => format!("{{\"total\":{}}}", timed(&mut ms, || grep(&data, option("word"), threads))),
                (other, _) => panic!("no workload {other}"),
            };
        }
        println!("@{{\"ms\":[{}],\"answer\":{}}}", ms.join(","), answer);
        io::stdout().flush().unwrap();
    }
}
