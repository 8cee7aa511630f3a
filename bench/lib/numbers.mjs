/*
 * numbers.mjs
 *		Medians, percentiles, and how numbers are written.
 */

/* Of values between 0 and 1: 0.5 is the median. */
export function quantile(values, share) {
	const sorted = [...values].sort((a, b) => a - b);

	return sorted.length === 0 ? NaN : sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

export function median(values) {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = sorted.length >> 1;

	return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/* By how many per cent the runs differ: largest against smallest. */
export function spread(values) {
	return (Math.max(...values) / Math.min(...values) - 1) * 100;
}

/* Of the same keys in several objects. */
export function medians(objects) {
	return Object.fromEntries(Object.keys(objects[0]).map((key) => [key, median(objects.map((object) => object[key]))]));
}

export function write(value) {
	if (typeof value !== 'number') {
		return value ?? '–';
	}
	if (Number.isNaN(value)) {
		return '–';
	}
	const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;

	return value.toFixed(digits).replace(/\B(?=(\d{3})+(?!\d)(?<!\.\d*))/g, ',');
}
