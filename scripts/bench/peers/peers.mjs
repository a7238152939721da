// The work of OpenZeppelin's tree and of OpenAttestation: a request a line, seconds
// of the processor for an answer.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { SimpleMerkleTree } from '@openzeppelin/merkle-tree';

// By require: its ES modules name files without their endings, which Node does not take.
const { wrapDocuments } = createRequire(import.meta.url)('@govtechsg/open-attestation');

const ISSUER = {
  name: 'Example Academy',
  documentStore: '0x9178F546D3FF57D7A6352bD61B80cCCD46199C2d',
  identityProof: { type: 'DNS-TXT', location: 'academy.example' },
};
const PROOFS = 200; // of a tree, in one turn

const leaves = (size) => Array.from({ length: size }, () => `0x${randomBytes(32).toString('hex')}`);

function timed(work) {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

let tree = null; // the last one: building it again for each turn of proofs would take minutes

const WORKS = {
  tree(size) {
    const made = leaves(size);
    return timed(() => { tree = SimpleMerkleTree.of(made); });
  },
  // Seconds for one proof.
  proof(size) {
    if (tree?.length !== size) tree = SimpleMerkleTree.of(leaves(size));
    const indexes = Array.from({ length: PROOFS }, () => Math.floor(Math.random() * size));
    return timed(() => indexes.forEach((index) => tree.getProof(index))) / PROOFS;
  },
  // The documents are badges as OpenAttestation's schema wants them: with its own issuers.
  wrap(size) {
    const lines = readFileSync(process.argv[2], 'utf8').split('\n').slice(0, size);
    const documents = lines.map((line) => ({ ...JSON.parse(line), issuers: [ISSUER] }));
    return timed(() => wrapDocuments(documents));
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { work, size } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify({ seconds: WORKS[work](size) })}\n`);
}
