/*
 * Replay: runs a fuzz target over every file of the folder that is its argument, without libFuzzer.
 * An empty folder is an error: it would be a test of nothing.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is in the file, to be freed, in memory that fits exactly, so that ASan sees a read behind
 * the end; NULL, and why on stderr. */
static uint8_t *read_file(const char *path, size_t size) {
  uint8_t *data = malloc(size > 0 ? size : 1);
  FILE *file = fopen(path, "rb");
  if (data == NULL || file == NULL || fread(data, 1, size, file) != size) {
    perror(path);
    free(data);
    data = NULL;
  }
  if (file != NULL)
    fclose(file);
  return data;
}

/* Whether the path was no file, or was read and run. */
static int run_path(const char *path, int *count) {
  struct stat info;
  if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
    return 1;
  uint8_t *data = read_file(path, (size_t)info.st_size);
  if (data == NULL)
    return 0;
  printf("%s\n", path);
  fflush(stdout); /* before a crash: the last name is the culprit */
  LLVMFuzzerTestOneInput(data, (size_t)info.st_size);
  free(data);
  *count += 1;
  return 1;
}

static int run_folder(const char *folder, DIR *listing) {
  char path[4096];
  int count = 0;
  int ok = 1;
  for (const struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    ok = run_path(path, &count) && ok;
  }
  if (count == 0)
    fprintf(stderr, "%s: no file to replay\n", folder);
  return ok && count > 0;
}

int main(int argc, char **argv) {
  DIR *listing = argc == 2 ? opendir(argv[1]) : NULL;
  if (listing == NULL) {
    fprintf(stderr, "usage: %s FOLDER (of inputs to replay)\n", argv[0]);
    return EXIT_FAILURE;
  }
  int ok = run_folder(argv[1], listing);
  closedir(listing);
  return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
