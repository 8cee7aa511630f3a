/*
 * damage.mjs
 *		A way to a server on this machine that damages what it carries: below
 *		TLS, where every byte counts.
 */
import net from 'node:net';

/* Resolves with the port; each connection is damaged with a chance of so many in 100. */
export function damagedWay(port, dice, percent, count) {
	const server = net.createServer((client) => {
		const target = net.connect(port, '127.0.0.1');
		let left = dice.percent(percent) ? dice.below(20_000) : Infinity;

		client.on('error', () => target.destroy());
		target.on('error', () => client.destroy());
		client.on('close', () => target.destroy());
		client.pipe(target);
		target.on('end', () => client.end());
		target.on('data', (bytes) => {
			if (bytes.length <= left) {
				left -= bytes.length;
			} else {
				bytes = damaged(dice, bytes, left, client, count);
				left = dice.percent(50) ? Infinity : dice.below(5000);
			}
			if (!client.destroyed && bytes.length > 0 && !client.write(bytes)) {
				target.pause();
				client.once('drain', () => target.resume());
			}
		});
	});

	return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
}

function damaged(dice, bytes, at, client, count) {
	const what = dice.pick(['a byte turned', 'a byte more', 'bytes missing', 'the end', 'a reset']);

	count(`below TLS: ${what}`);
	switch (what) {
		case 'a byte turned':
			bytes[at] ^= 1 << dice.below(8);
			return bytes;
		case 'a byte more':
			return Buffer.concat([bytes.subarray(0, at), Buffer.from([dice.below(256)]), bytes.subarray(at)]);
		case 'bytes missing':
			return bytes.subarray(0, at);
		case 'the end':
			client.end(bytes.subarray(0, at));
			return Buffer.alloc(0);
		default:
			client.resetAndDestroy();
			return Buffer.alloc(0);
	}
}
