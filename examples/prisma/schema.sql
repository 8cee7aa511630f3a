/*
 * An application of Prisma, as `prisma migrate` writes it: quoted CamelCase, keys
 * that the client makes (cuid) and the database does not, enums of the database,
 * times without a zone to the millisecond, "updatedAt" without a default.
 */
CREATE TYPE "TaskStatus" AS ENUM ('TODO', 'IN_PROGRESS', 'DONE', 'CANCELED');

CREATE TABLE "User" (
	"id" TEXT NOT NULL,
	"email" TEXT NOT NULL,
	"githubLogin" TEXT,
	CONSTRAINT "User_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "User_email_key" ON "User"("email");
CREATE UNIQUE INDEX "User_githubLogin_key" ON "User"("githubLogin");

CREATE TABLE "Project" (
	"id" TEXT NOT NULL,
	"name" TEXT NOT NULL,
	"githubRepoId" BIGINT,
	CONSTRAINT "Project_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "Project_githubRepoId_key" ON "Project"("githubRepoId");

CREATE TABLE "Task" (
	"id" TEXT NOT NULL,
	"title" TEXT NOT NULL,
	"description" TEXT,
	"status" "TaskStatus" NOT NULL DEFAULT 'TODO',
	"projectId" TEXT NOT NULL,
	"authorId" TEXT,
	"createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
	"updatedAt" TIMESTAMP(3) NOT NULL,
	CONSTRAINT "Task_pkey" PRIMARY KEY ("id")
);
ALTER TABLE "Task" ADD CONSTRAINT "Task_projectId_fkey" FOREIGN KEY ("projectId")
	REFERENCES "Project"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "Task" ADD CONSTRAINT "Task_authorId_fkey" FOREIGN KEY ("authorId")
	REFERENCES "User"("id") ON DELETE SET NULL ON UPDATE CASCADE;

CREATE TABLE "Comment" (
	"id" TEXT NOT NULL,
	"text" TEXT NOT NULL,
	"taskId" TEXT NOT NULL,
	"authorId" TEXT,
	"createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
	"updatedAt" TIMESTAMP(3) NOT NULL,
	CONSTRAINT "Comment_pkey" PRIMARY KEY ("id")
);
ALTER TABLE "Comment" ADD CONSTRAINT "Comment_taskId_fkey" FOREIGN KEY ("taskId")
	REFERENCES "Task"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "Comment" ADD CONSTRAINT "Comment_authorId_fkey" FOREIGN KEY ("authorId")
	REFERENCES "User"("id") ON DELETE SET NULL ON UPDATE CASCADE;
