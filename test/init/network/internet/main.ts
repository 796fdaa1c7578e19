/**
 * A program: the servers of a network that is there for one test. It serves git and a few paths by HTTP,
 * names, and tells which requests came to addresses that no sandbox should reach. It ends with its input.
 */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import process from 'node:process';
import { serveGit } from '../../../support/git-backend.ts';
import { places } from '../support/places.ts';

const [root = ''] = process.argv.slice(2);
const trespasses: string[] = [];

createServer((request, response) => {
  const address = request.socket.localAddress ?? '';
  const path = request.url ?? '/';
  if (address !== places.server) {
    trespasses.push(`${address}${path}`);
    response.end('secret');
  } else if (path === '/trespasses') {
    response.end(JSON.stringify(trespasses));
  } else if (path.startsWith('/to-metadata')) {
    response.writeHead(302, { location: `http://${places.metadata}/latest` }).end();
  } else if (path === '/file') {
    response.end('content');
  } else {
    serveGit(request, response, root).catch(() => response.destroy());
  }
}).listen(80, '0.0.0.0');

const names = createSocket('udp4');
names.on('message', (query, { port, address }) => names.send(answer(query), port, address));
names.bind(53, places.nameserver, () => process.stdout.write('ready\n'));

process.stdin.resume().on('end', () => process.exit());

/** Whatever the name is, it is the server's; it has no address but of IPv4. Format: RFC 1035. */
function answer(query: Buffer): Buffer {
  const questionEnd = query.indexOf(0, 12) + 5;
  const question = query.subarray(12, questionEnd);
  const isIPv4 = question.readUInt16BE(question.length - 4) === 1;
  const head = Buffer.from([0x81, 0x80, 0, 1, 0, isIPv4 ? 1 : 0, 0, 0, 0, 0]);
  const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...places.server.split('.').map(Number)];
  return Buffer.concat([query.subarray(0, 2), head, question, Buffer.from(isIPv4 ? record : [])]);
}
