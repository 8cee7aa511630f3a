"""The models of schema.sql.

Through pgbouncer in transaction mode, in settings.py:

    DATABASES = {"default": {..., "PORT": 6432, "DISABLE_SERVER_SIDE_CURSORS": True}}

With psycopg 3 also "OPTIONS": {"prepare_threshold": None}.
"""
from django.db import models


class User(models.Model):
    id = models.AutoField(primary_key=True)
    username = models.CharField(max_length=150, unique=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        app_label = "auth"
        db_table = "auth_user"


class Project(models.Model):
    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=100)
    github_repo = models.BigIntegerField(null=True, unique=True)

    class Meta:
        app_label = "tracker"


class Ticket(models.Model):
    id = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.PROTECT)
    owner = models.ForeignKey(User, on_delete=models.PROTECT)
    title = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    status = models.CharField(max_length=16, default="new")
    severity = models.CharField(max_length=16, default="normal")
    draft = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "tracker"


class Comment(models.Model):
    id = models.BigAutoField(primary_key=True)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE)
    author = models.ForeignKey(User, on_delete=models.PROTECT)
    text = models.TextField()
    public = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "tracker"
