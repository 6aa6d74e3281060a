// CommonJS packages that require() Nest need Nest's ES modules to be loaded before them.
import 'reflect-metadata';
import '@nestjs/common';
import '@nestjs/core';
