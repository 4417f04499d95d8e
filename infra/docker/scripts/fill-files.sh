# Fills a role's files volume from the lines on stdin (`uid N files M`, then `name base64`). Secrets travel on stdin only.
# Environment: DOCKER_HOST, VOLUME, IMAGE, INSTALLATION.
set -eu
exec docker run -i --rm --user 0 --network none --read-only \
  --cap-drop ALL --cap-add CHOWN --cap-add FOWNER --cap-add DAC_OVERRIDE \
  --security-opt no-new-privileges \
  --label "fidus.installation=$INSTALLATION" --label fidus.role=fill-files --log-driver none \
  -v "$VOLUME:/files" --entrypoint /usr/local/bin/fill-files "$IMAGE"
