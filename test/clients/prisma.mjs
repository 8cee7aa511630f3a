/*
 * prisma.mjs LABEL
 *		What an application in JavaScript writes, by node-postgres, knex and
 *		Sequelize, into tables of Prisma's form: PGHOST, PGPORT ... say where.
 *		LABEL "pooled": through pgbouncer in transaction mode, with no other settings.
 */
import { createRequire } from 'node:module';

const require = createRequire(new URL('../github/package.json', import.meta.url));
const pg = require('pg');
const knex = require('knex');
const { DataTypes, Sequelize } = require('sequelize');

const [label] = process.argv.slice(2);
const { PGHOST: host, PGPORT: port, PGDATABASE: database, PGUSER: user } = process.env;
const cuid = () => `c${Math.random().toString(36).slice(2).padEnd(24, '0').slice(0, 24)}`;
const updatedAt = () => new Date();

async function byPg() {
	const pool = new pg.Pool({ max: 2 });
	const client = await pool.connect();
	const task = cuid();

	await client.query('BEGIN');
	await client.query('INSERT INTO "Task" ("id", "title", "projectId", "updatedAt") VALUES ($1, $2, $3, $4)', [task, `${label} pg`, 'p1', updatedAt()]);
	await client.query('INSERT INTO "Comment" ("id", "text", "taskId", "updatedAt") VALUES ($1, $2, $3, $4)', [cuid(), `${label} pg comment`, task, updatedAt()]);
	await client.query('COMMIT');
	await client.query('BEGIN');
	await client.query('UPDATE "Task" SET "title" = $2, "updatedAt" = $3 WHERE "id" = $1', [task, 'SECRET rolled back', updatedAt()]);
	await client.query('ROLLBACK');
	client.release();
	await Promise.all([1, 2, 3].map((n) => pool.query('UPDATE "Task" SET "description" = concat("description", $2::text), "updatedAt" = $3 WHERE "id" = $1', [task, `edit ${n}\n`, updatedAt()])));
	await pool.query('UPDATE "Task" SET "title" = $2, "updatedAt" = $3 WHERE "id" = $1', [task, `${label} pg, edited`, updatedAt()]);
	await pool.end();
}

async function byKnex() {
	const db = knex({ client: 'pg', connection: { host, port, database, user }, pool: { min: 0, max: 2 } });
	const id = cuid();

	await db.transaction(async (transaction) => {
		await transaction('Task').insert({ id, title: `${label} knex`, projectId: 'p1', updatedAt: updatedAt() });
		await transaction('Comment').insert({ id: cuid(), text: `${label} knex comment`, taskId: id, updatedAt: updatedAt() });
	});
	await db('Task').where({ id }).update({ title: `${label} knex, edited`, status: 'DONE', updatedAt: updatedAt() });
	await db('Task').insert({ id, title: `${label} knex, edited again`, projectId: 'p1', updatedAt: updatedAt() }).onConflict('id').merge(['title', 'updatedAt']);
	await db.destroy();
}

async function bySequelize() {
	const sequelize = new Sequelize(database, user, '', { dialect: 'postgres', dialectModule: pg, host, port, logging: false, pool: { max: 2 } });
	const id = { type: DataTypes.TEXT, primaryKey: true, defaultValue: cuid };
	const Task = sequelize.define('Task', { id, title: DataTypes.TEXT, description: DataTypes.TEXT, status: DataTypes.TEXT, projectId: DataTypes.TEXT }, { freezeTableName: true });
	const Comment = sequelize.define('Comment', { id, text: DataTypes.TEXT, taskId: DataTypes.TEXT }, { freezeTableName: true });
	let task;

	await sequelize.transaction(async (transaction) => {
		task = await Task.create({ title: `${label} sequelize`, status: 'TODO', projectId: 'p1' }, { transaction });
		await Comment.create({ text: `${label} sequelize comment`, taskId: task.id }, { transaction });
	});
	await task.update({ title: `${label} sequelize, edited` });
	await Task.bulkCreate([1, 2].map((n) => ({ title: `${label} sequelize ${n}`, status: 'TODO', projectId: 'p1' })));
	await Task.destroy({ where: { title: `${label} sequelize 2` } });
	await sequelize.close();
}

await byPg();
await byKnex();
await bySequelize();
