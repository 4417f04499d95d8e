# Copies a model from the user's cache into its volume (whose owner is root, without capabilities), once, and verifies it there.
# Environment: DOCKER_HOST, VOLUME, IMAGE, INSTALLATION, MODEL, SHA256.
set -eu
file="${XDG_CACHE_HOME:-$HOME/.cache}/fidus/models/$SHA256.gguf"
in_volume() {
  docker run -i --rm --user 0 --network none --read-only --cap-drop ALL --security-opt no-new-privileges \
    --label "fidus.installation=$INSTALLATION" --label fidus.role=load-model --log-driver none \
    -v "$VOLUME:/models" --entrypoint /bin/sh "$IMAGE" -c "$1"
}
if in_volume "test -f /models/$SHA256.gguf"; then exit 0; fi
if [ ! -f "$file" ]; then
  echo "model: got no file for $MODEL; needs $file. ./fidus up community" >&2
  exit 1
fi
in_volume "cat > /models/$SHA256.partial && echo '$SHA256  /models/$SHA256.partial' | sha256sum --check --quiet && mv /models/$SHA256.partial /models/$SHA256.gguf" < "$file"
